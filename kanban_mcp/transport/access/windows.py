"""Counting requests in a sliding window, in this process."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

WINDOW_SECONDS = 60
MOST_TIMES = 500_000
"""Requests remembered in all. More than a process answers in a window, so none that counts is forgotten; 20 MB."""

_SECOND = 1_000_000_000


class Verdict(NamedTuple):
    """Whether a request is within the limit, how many more are, and in how many seconds the oldest ceases to count."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: float


class Windows:
    """At most `limit` requests in any 60 seconds, for each name by itself. Refused ones do not count."""

    def __init__(self, limit: int, *, clock: Callable[[], int] = time.monotonic_ns, most: int = MOST_TIMES) -> None:
        self.limit = limit
        self._clock = clock
        self._most = most
        self._times: OrderedDict[str, deque[int]] = OrderedDict()
        self._total = 0

    def hit(self, name: str) -> Verdict:
        """Count a request, if it is within the limit."""
        now = self._clock()
        times = self._current(name, now)
        allowed = len(times) < self.limit
        if allowed:
            times.append(now)
            self._total += 1
            self._forget(now)
        return self._verdict(allowed, times, now)

    def look(self, name: str) -> Verdict:
        """What `hit` would say, without counting."""
        if name not in self._times:
            return Verdict(True, self.limit, self.limit, 0.0)
        now = self._clock()
        times = self._current(name, now)
        return self._verdict(len(times) < self.limit, times, now)

    def __len__(self) -> int:
        return len(self._times)

    def _current(self, name: str, now: int) -> deque[int]:
        """The times of a name that are within the window."""
        times = self._times.get(name)
        if times is None:
            return self._times.setdefault(name, deque())
        self._times.move_to_end(name)
        while times and times[0] <= now - WINDOW_SECONDS * _SECOND:
            times.popleft()
            self._total -= 1
        return times

    def _forget(self, now: int) -> None:
        """Names that were not seen for a window, and beyond the most the ones not seen for longest."""
        while self._times:
            oldest = next(iter(self._times.values()))
            if self._total <= self._most and oldest and oldest[-1] > now - WINDOW_SECONDS * _SECOND:
                return
            self._times.popitem(last=False)
            self._total -= len(oldest)

    def _verdict(self, allowed: bool, times: deque[int], now: int) -> Verdict:
        ends = (times[0] + WINDOW_SECONDS * _SECOND - now) / _SECOND if times else 0.0
        return Verdict(allowed, self.limit, self.limit - len(times), ends)
