"""What is new in the change log, read once for all who listen, whichever process wrote it."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from kanban_mcp.errors import KanbanError
from kanban_mcp.models.change import Change
from kanban_mcp.store.changes import ChangeStore
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.feed import Feed

MOST_CHANGES = 500
"""Changes read and told at a time."""

Listener: TypeAlias = Callable[[Sequence[Change]], object]

log = logging.getLogger(__name__)


class News:
    """Tells listeners of changes, in order, after they are committed. Without listeners nothing is read."""

    def __init__(self, database: Database, changes: ChangeStore, feed: Feed) -> None:
        self._database = database
        self._changes = changes
        self._feed = feed
        self._listeners: dict[object, Listener] = {}
        self._stop: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._seq = 0

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell of every change from now on, on the feed's thread, until the function answered is called."""
        key = object()
        with self._lock:
            if not self._listeners:
                self._seq = self.last()
                self._stop = self._feed.listen(self._look)
            self._listeners[key] = listener
        return lambda: self._forget(key)

    def last(self) -> int:
        """The seq of the newest change, 0 when there is none."""
        with self._database.reading():
            return self._changes.last()

    def _forget(self, key: object) -> None:
        with self._lock:
            self._listeners.pop(key, None)
            if not self._listeners and self._stop is not None:
                self._stop()
                self._stop = None

    def _look(self) -> None:
        try:
            while new := self._unread():
                for listener in self._heard(new):
                    listener(new)
        except (KanbanError, sqlite3.Error):
            # The feed's thread must live. What was not read now is read after the next commit.
            log.exception("the change log could not be read")

    def _unread(self) -> list[Change]:
        with self._database.reading():
            return self._changes.since(self._seq, MOST_CHANGES)

    def _heard(self, new: list[Change]) -> list[Listener]:
        with self._lock:
            self._seq = new[-1].seq
            return list(self._listeners.values())
