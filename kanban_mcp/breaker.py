"""Leaving alone, for a while, what failed some times in a row: who calls it waits for its failures no longer."""

import threading
import time
from collections.abc import Callable

FAILURES = 3
REST_SECONDS = 5.0


class Breaker:
    """Counts failures in a row. For any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._resting_until = 0.0

    @property
    def rests(self) -> bool:
        """Whether it is to be left alone now."""
        return self._clock() < self._resting_until

    def worked(self) -> None:
        """It answered."""
        self._in_a_row = 0

    def failed(self) -> None:
        """It did not."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= FAILURES:
                self._resting_until = self._clock() + REST_SECONDS
                # One failure after the rest is enough for the next.
                self._in_a_row = FAILURES - 1
