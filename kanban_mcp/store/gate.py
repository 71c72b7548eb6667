"""The gate between processes: one of them writes at a time, the others wait in turn instead of colliding.

SQLite's own locks keep the file correct. The gate adds what they lack: waiting that ends when the other is done
rather than after a growing sleep, a log that can be written back because no writer is in the way, and a first
start that many processes may attempt at once.
"""

import contextlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from kanban_mcp.errors import Busy

try:
    import fcntl
except ImportError:  # Windows: SQLite's own waiting is all there is
    fcntl = None  # type: ignore[assignment]

_SHORTEST_WAIT = 0.0002
_LONGEST_WAIT = 0.005


class Gate:
    """An advisory lock on a file beside the database.

    The lock belongs to the open file, so the kernel drops it with the process, however that ends.
    """

    def __init__(self, path: Path, *, timeout: float) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._timeout = timeout

    @contextlib.contextmanager
    def held(self, timeout: float | None = None) -> Iterator[None]:
        """Wait for the gate and hold it. Raises Busy when another process keeps it past the timeout, in seconds."""
        if fcntl is None:
            yield
            return
        self._take(self._timeout if timeout is None else timeout)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _take(self, timeout: float) -> None:
        deadline, wait = time.monotonic() + timeout, _SHORTEST_WAIT
        while not self._try():
            if time.monotonic() >= deadline:
                raise Busy(
                    f"Another process has been writing for {timeout:g} seconds.",
                    hint="Try again; if it lasts, look for a kanban-mcp process that hangs.",
                )
            # A blocking flock has no deadline; the random part keeps waiting processes from moving in step.
            time.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(wait * 1.5, _LONGEST_WAIT)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give up the lock file; it stays on disk, since another process may be waiting on it."""
        os.close(self._descriptor)
