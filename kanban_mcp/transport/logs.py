"""Logs go to stderr, a line of fields each: stdout belongs to the protocol."""

import logging
import sys
from functools import cached_property


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


def configure(level: str) -> None:
    """Write records of at least this level to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Fields())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
