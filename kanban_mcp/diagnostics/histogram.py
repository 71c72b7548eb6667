"""Durations, counted in buckets: a fixed size however many come."""

import math
from collections.abc import Iterable
from math import log
from operator import add
from typing import Self

_SMALLEST = 1e-6
_LARGEST = 1e3
_WIDTH = 1.04
"""Each bucket is 4 % wider than the one before, so that its middle is within 2 % of all it holds."""
_SCALE = 1 / math.log(_WIDTH)
_OFFSET = -math.log(_SMALLEST) * _SCALE
_BUCKETS = math.ceil((math.log(_LARGEST) - math.log(_SMALLEST)) * _SCALE) + 1


class Histogram:
    """Seconds from a microsecond to a quarter of an hour; what is beyond counts as the nearest bucket."""

    __slots__ = ("_buckets", "count", "largest", "total")

    def __init__(self) -> None:
        self._buckets = [0] * _BUCKETS
        self.count = 0
        self.total = 0.0
        self.largest = 0.0

    @classmethod
    def of(cls, parts: Iterable[Self]) -> Self:
        """What several have counted, as one."""
        whole = cls()
        for part in parts:
            whole._buckets = list(map(add, whole._buckets, part._buckets))
            whole.count += part.count
            whole.total += part.total
            whole.largest = max(whole.largest, part.largest)
        return whole

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        place = int(log(seconds) * _SCALE + _OFFSET) if seconds > _SMALLEST else 0
        self._buckets[place if place < _BUCKETS else _BUCKETS - 1] += 1
        self.count += 1
        self.total += seconds
        if seconds > self.largest:
            self.largest = seconds

    def quantile(self, share: float) -> float:
        """The duration that a share of all stays below, within 2 %; 0 when there are none."""
        wanted, seen = share * self.count, 0
        for place, number in enumerate(self._buckets):
            seen += number
            if number and seen >= wanted:
                return min(_SMALLEST * math.exp((place + 0.5) / _SCALE), self.largest)
        return 0.0

    @property
    def mean(self) -> float:
        """The mean duration; 0 when there are none."""
        return self.total / self.count if self.count else 0.0
