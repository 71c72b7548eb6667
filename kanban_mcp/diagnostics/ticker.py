"""Calls the monitors that look by themselves, every so often."""

import logging
import threading
from collections.abc import Callable, Sequence

SECONDS = 30.0

log = logging.getLogger(__name__)


class Ticker:
    """A thread that ticks until it is closed; a monitor that fails is logged and ticked again."""

    def __init__(self, ticks: Sequence[Callable[[], None]], *, seconds: float = SECONDS) -> None:
        self._ticks = ticks
        self._seconds = seconds
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kanban-monitors", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop ticking."""
        self._closed.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._closed.wait(self._seconds):
            for tick in self._ticks:
                try:
                    tick()
                except Exception:
                    log.exception("a monitor failed")
