"""Shows the cache, and empties it on request."""

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from kanban_mcp.models.diagnostics import CacheStats, Invalidated, RedisStats
from kanban_mcp.models.page import page
from kanban_mcp.store.cache import Cache
from kanban_mcp.store.remote import Remote

_COLUMNS = ("view", "hits", "misses", "hit_rate")

Pattern = Annotated[str, Field(min_length=1, max_length=100)]


class CacheMonitor:
    """Reads the counters that the cache keeps."""

    def __init__(self, cache: Cache, remote: Remote | None = None) -> None:
        self._cache = cache
        self._remote = remote

    def get_cache_stats(self) -> CacheStats:
        """Hits and misses of cached answers by operation, entries, bytes, and how many changes outdated."""
        counts = self._cache.counts()
        hits, misses = (sum(part) for part in zip(*counts.values(), strict=True)) if counts else (0, 0)
        rows = [(view, count.hits, count.misses, _rate(count.hits, count.misses)) for view, count in counts.items()]
        return CacheStats(
            entries=len(self._cache),
            capacity=self._cache.capacity,
            bytes=self._cache.size,
            hit_rate=_rate(hits, misses),
            evicted=self._cache.evicted,
            outdated=self._cache.outdated,
            redis=self._redis(),
            views=page(_COLUMNS, sorted(rows), list, limit=100),
        )

    def invalidate_cache(self, pattern: Pattern = "*") -> Invalidated:
        """Forget cached answers: `*`, an operation such as get_board, a thing such as task:5 or board:1:*, or what a
        change such as task:updated outdates.

        Never needed for correctness: changes do it.
        """
        if self._remote is not None:
            # It knows views only: what names something else empties it.
            views = self._cache.counts()
            self._remote.forget(pattern if any(fnmatchcase(view, pattern) for view in views) else "*")
        return Invalidated(pattern=pattern, forgotten=self._cache.invalidate(pattern))

    @property
    def verdict(self) -> str:
        """`resting` while Redis is left alone after failures."""
        return "resting" if self._remote is not None and self._remote.counts.resting else "ok"

    def _redis(self) -> RedisStats | None:
        if self._remote is None:
            return None
        counts = self._remote.counts
        state = "resting" if counts.resting else "in use"
        return RedisStats(state=state, hits=counts.hits, misses=counts.misses, failures=counts.failures)


def _rate(hits: int, misses: int) -> float:
    return round(hits / (hits + misses), 4) if hits + misses else 0.0
