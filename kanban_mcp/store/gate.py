"""The gate between processes: one of them writes at a time, the others wait in turn instead of colliding.

SQLite's own locks keep the file correct. The gate adds what they lack: waiting that ends when the other is done
rather than after a growing sleep, a log that can be written back because no writer is in the way, and a first
start that many processes may attempt at once.
"""

import contextlib
import os
import random
import threading
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
        # The lock is between processes: to the kernel all threads of this one are the same holder.
        self._threads = threading.Lock()

    @contextlib.contextmanager
    def held(self, timeout: float | None = None) -> Iterator[None]:
        """Wait for the gate and hold it. Raises Busy when another process keeps it past the timeout, in seconds."""
        seconds = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        if not self._threads.acquire(timeout=seconds):
            raise _busy(seconds)
        try:
            self._take(deadline, seconds)
            try:
                yield
            finally:
                self._leave()
        finally:
            self._threads.release()

    def _take(self, deadline: float, seconds: float) -> None:
        wait = _SHORTEST_WAIT
        while not self._try():
            if time.monotonic() >= deadline:
                raise _busy(seconds)
            # A blocking flock has no deadline; the random part keeps waiting processes from moving in step.
            time.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(wait * 1.5, _LONGEST_WAIT)

    def _leave(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _try(self) -> bool:
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give up the lock file; it stays on disk, since another process may be waiting on it."""
        os.close(self._descriptor)


def _busy(seconds: float) -> Busy:
    return Busy(
        f"Another process has been writing for {seconds:g} seconds.",
        hint="Try again; if it lasts, look for a kanban-mcp process that hangs.",
    )
