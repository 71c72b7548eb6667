"""Logs go to stderr, a line of fields each: stdout belongs to the protocol."""

import logging
import os
import select
import sys
import time
from functools import cached_property

AT_ONCE = select.PIPE_BUF
"""Bytes that a pipe takes whole, without waiting, once it says that it takes any."""
AGAIN_SECONDS = 60.0
"""How often the same warning about a client is told."""


class Fields(logging.Formatter):
    """Renders records as `key=value` lines, with their extra fields.

    The library that does it takes a tenth of a start to load, so it is loaded with the first line: most runs log none.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return self._renderer.format(record)

    @cached_property
    def _renderer(self) -> logging.Formatter:
        import structlog  # noqa: PLC0415
        from structlog import processors, stdlib  # noqa: PLC0415

        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                stdlib.add_log_level,
                stdlib.add_logger_name,
                stdlib.ExtraAdder(),
                processors.TimeStamper(fmt="iso", utc=True),
                processors.format_exc_info,
            ],
            processors=[
                stdlib.ProcessorFormatter.remove_processors_meta,
                processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"]),
            ],
        )


class Lines(logging.Handler):
    """Writes to a file descriptor; what nobody takes is lost.

    A host may start a server with a pipe for stderr and never read it. Once that is full, writing would wait for ever,
    and the server with it.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, as far as it is taken at once."""
        try:
            line = (self.format(record) + "\n").encode(errors="backslashreplace")
            for start in range(0, len(line), AT_ONCE):
                if not select.select([], [self._descriptor], [], 0)[1]:
                    return
                os.write(self._descriptor, line[start : start + AT_ONCE])
        except Exception:
            self.handleError(record)


class Seldom(logging.Filter):
    """Lets each warning through once a minute: whoever reaches the port can cause those of the HTTP library."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is told. Its text before anything is filled in is one of few."""
        if record.levelno != logging.WARNING:
            return True
        now = time.monotonic()
        if now - self._told.get(record.msg, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return False
        self._told[record.msg] = now
        return True


def configure(level: str) -> None:
    """Write records of at least this level to stderr, if there is one."""
    handler = logging.NullHandler() if sys.stderr is None else Lines(sys.stderr.fileno())
    handler.setFormatter(Fields())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").addFilter(Seldom())
