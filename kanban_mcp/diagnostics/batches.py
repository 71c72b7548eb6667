"""Watches group commits."""

import threading
from collections.abc import Callable

from kanban_mcp.diagnostics.histogram import Histogram
from kanban_mcp.models.diagnostics import BatchStats, milliseconds
from kanban_mcp.store.writer import GroupSample


class BatchMonitor:
    """Counts commits and what they held; `waiting` says how many writes queue now."""

    def __init__(self, waiting: Callable[[], int], *, size: int, window_ms: float) -> None:
        self._waiting = waiting
        self._size = size
        self._window_ms = window_ms
        self._lock = threading.Lock()
        self._writes = self._failed = self._largest = 0
        self._waits = Histogram()
        self._commits = Histogram()

    def observe(self, sample: GroupSample) -> None:
        """Count one commit."""
        with self._lock:
            self._writes += sample.size
            self._failed += sample.failed
            self._largest = max(self._largest, sample.size)
            self._waits.observe(sample.waited)
            self._commits.observe(sample.seconds)

    def get_batch_stats(self) -> BatchStats:
        """How writes are grouped into commits: sizes, waiting and commit times in milliseconds, failures kept apart."""
        with self._lock:
            return BatchStats(
                groups=self._commits.count,
                writes=self._writes,
                mean_size=round(self._writes / self._commits.count, 2) if self._commits.count else 0.0,
                largest_size=self._largest,
                failed_alone=self._failed,
                wait_ms=_times(self._waits),
                commit_ms=_times(self._commits),
                waiting_now=self._waiting(),
                size_limit=self._size,
                window_ms=self._window_ms,
            )


def _times(times: Histogram) -> dict[str, float]:
    shares = {f"p{round(share * 100)}": milliseconds(times.quantile(share)) for share in (0.5, 0.95, 0.99)}
    return {**shares, "max": milliseconds(times.largest)}
