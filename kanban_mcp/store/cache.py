"""Assembled answers, kept until something they show changes.

An entry knows the scopes it shows (`task:5`, `board:1`, `tags`) and the seq of the change log it was read at. A
change marks its scopes with its own seq, so that older entries of them are no longer found: nothing is searched
for, and an entry read just before a change can never pass for one read after it.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import translate
from re import compile as compile_pattern
from typing import Any, NamedTuple

from cachetools import TTLCache

from kanban_mcp.store.invalidation import patterns_of

MOST_MARKS = 10_000
"""Scopes remembered as changed; beyond that all entries are forgotten and the marks start anew."""


class Moment(NamedTuple):
    """How much was known when something was read: the log up to a seq, and how often all was forgotten."""

    seq: int
    epoch: int


class Entry(NamedTuple):
    """A kept answer: what it shows, and when it was read."""

    value: Any
    scopes: frozenset[str]
    read: Moment
    size: int


class Counts(NamedTuple):
    """What happened with a view so far."""

    hits: int
    misses: int


class Cache:
    """The first level: in this process, least recently used entries go first, each lives `ttl` seconds at most."""

    def __init__(self, *, entries: int = 1000, ttl: float = 300.0) -> None:
        self._entries: TTLCache[str, Entry] = TTLCache(entries, ttl)
        self._marks: dict[str, int] = {}
        self._epoch = 0
        self._lock = threading.Lock()
        self._hits: Counter[str] = Counter()
        self._misses: Counter[str] = Counter()
        self.outdated = 0
        self.evicted = 0

    def get(self, view: str, key: str) -> Any | None:
        """The value kept under a key of a view, if it is still true."""
        with self._lock:
            entry = self._entries.get(f"{view} {key}")
            if entry is not None and self._holds(entry):
                self._hits[view] += 1
                return entry.value
            self._misses[view] += 1
            return None

    def put(self, view: str, key: str, value: Any, *, scopes: Iterable[str], read: Moment, size: int) -> None:
        """Keep a value that shows these scopes as they were at a moment, or a little later."""
        entry = Entry(value, frozenset(scopes), read, size)
        with self._lock:
            if len(self._entries) >= self._entries.maxsize:
                self.evicted += 1
            self._entries[f"{view} {key}"] = entry

    def mark(self, scopes: Iterable[str], seq: int) -> None:
        """These scopes changed at this seq: what showed them before is no longer true."""
        with self._lock:
            for scope in scopes:
                self._marks[scope] = seq
            if len(self._marks) > MOST_MARKS:
                self._forget()

    def at(self, seq: int) -> Moment:
        """The present moment, for one who knows the log up to a seq."""
        return Moment(seq, self._epoch)

    def forget(self) -> int:
        """Forget everything, also what is being read now; how many entries that were."""
        with self._lock:
            return self._forget()

    def invalidate(self, pattern: str) -> int:
        """Forget what a pattern with `*` matches; how many entries that were.

        It may name a view (`get_board`), a scope that entries show (`task:5`, `board:1:*`), or a kind of change
        (`task:updated`), and then means what such a change would outdate.
        """
        matches = compile_pattern("|".join(translate(each) for each in patterns_of(pattern))).match
        with self._lock:
            matching = [
                key
                for key, entry in self._entries.items()
                if matches(key.split(" ", 1)[0]) or any(matches(scope) for scope in entry.scopes)
            ]
            for key in matching:
                del self._entries[key]
        self.outdated += len(matching)
        return len(matching)

    def counts(self) -> Mapping[str, Counts]:
        """Hits and misses by view."""
        return {view: Counts(self._hits[view], self._misses[view]) for view in {*self._hits, *self._misses}}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def capacity(self) -> int:
        """How many entries there may be."""
        return int(self._entries.maxsize)

    @property
    def size(self) -> int:
        """Bytes of the texts kept."""
        with self._lock:
            return sum(entry.size for entry in self._entries.values())

    def _holds(self, entry: Entry) -> bool:
        seq, epoch = entry.read
        marked = not self._marks.keys().isdisjoint(entry.scopes)
        if epoch != self._epoch or (marked and any(self._marks.get(scope, 0) > seq for scope in entry.scopes)):
            self.outdated += 1
            return False
        return True

    def _forget(self) -> int:
        count = len(self._entries)
        self._entries.clear()
        self._marks.clear()
        self._epoch += 1
        self.outdated += count
        return count
