"""Keeps what is remembered true: reads what was committed, here or elsewhere, before it is trusted."""

import threading

from kanban_mcp.store.cache import Cache, Moment
from kanban_mcp.store.changes import ChangeStore
from kanban_mcp.store.database import Database
from kanban_mcp.store.invalidation import scopes_of

MOST_CHANGES = 500
"""Changes read one by one; after more than that, forgetting everything is cheaper."""


class Follower:
    """Follows the change log for a cache."""

    def __init__(self, database: Database, changes: ChangeStore, cache: Cache) -> None:
        self._database = database
        self._changes = changes
        self._cache = cache
        self._version = database.watch()
        self._known = -1
        self._lock = threading.Lock()
        self._seq = 0

    def follow(self) -> Moment:
        """Take in what was committed since the last time; the moment up to which the cache is now true.

        When nothing was, which is asked in some microseconds, nothing is read, and the moment is the same as before:
        what else was read since then is true too.
        """
        with self._lock:
            version = self._version()
            if version != self._known:
                self._take_in()
                self._known = version
            return self._cache.at(self._seq)

    def holds(self, scopes: frozenset[str], seq: int, at: str) -> bool:
        """Whether what was read at a change of the log is still true; in the transaction of this thread."""
        if self._changes.moment(seq) != at:
            return False
        new = self._changes.since(seq, MOST_CHANGES + 1)
        return len(new) <= MOST_CHANGES and not any(scopes & scopes_of(change) for change in new)

    def moment(self, seq: int) -> str | None:
        """When the change of a seq happened; in the transaction of this thread."""
        return self._changes.moment(seq)

    def _take_in(self) -> None:
        with self._database.reading():
            new = self._changes.since(self._seq, MOST_CHANGES + 1)
            gap = bool(new) and new[0].seq != self._seq + 1
            if not new or gap or len(new) > MOST_CHANGES:
                # Entries were trimmed, are too many, or are missing: a commit without one renewed some lease.
                self._seq = self._changes.last()
                self._cache.forget()
                return
        for change in new:
            self._cache.mark(scopes_of(change), change.seq)
        self._seq = new[-1].seq
