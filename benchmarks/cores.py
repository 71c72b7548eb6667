"""Where processes run: the same work takes half as long or twice, by who shares a core with whom."""

import contextlib
import os
from collections.abc import Iterator

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextlib.contextmanager
def on_core(number: int) -> Iterator[None]:
    """Run this thread, and what it starts, on one of the cores there are; where the system lets that be said."""
    if not _CORES:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_CORES[number % len(_CORES)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
