"""Notices commits: those of this process at once, those of others within a poll."""

import contextlib
import threading
from collections.abc import Callable

from kanban_mcp.store.database import Database

POLL_SECONDS = 0.045
"""A foreign commit is noticed after half of this on average; looking takes less than half a percent of a core."""


class Feed:
    """Tells listeners that the change log may have grown; what is new, each reads from the log itself.

    Own and foreign commits come the same way. Without listeners nothing is asked and no thread runs on a timer.
    """

    def __init__(self, database: Database) -> None:
        self._version = database.watch()
        self._listeners: dict[int, Callable[[], object]] = {}
        # Free when there is something to look for. To wait for an Event takes a fifth more of a look.
        self._wake = threading.Lock()
        self._closed = False
        self._lock = threading.Lock()
        self._next = 0
        self._thread = threading.Thread(target=self._run, name="kanban-feed", daemon=True)
        self._thread.start()

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call this after every commit, from the feed's thread, until the function answered is called."""
        with self._lock:
            number = self._next
            self._next += 1
            self._listeners[number] = listener
        self._rouse()
        return lambda: self._forget(number)

    def committed(self) -> None:
        """A commit of this process happened."""
        if self._listeners:
            self._rouse()

    def close(self) -> None:
        """Stop noticing."""
        self._closed = True
        self._rouse()
        self._thread.join()

    def _rouse(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is free already
            self._wake.release()

    def _forget(self, number: int) -> None:
        with self._lock:
            self._listeners.pop(number, None)

    def _run(self) -> None:
        known = self._version()
        while True:
            self._wake.acquire(timeout=POLL_SECONDS if self._listeners else -1)
            if self._closed:
                return
            if (version := self._version()) != known:
                known = version
                self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener()
