"""Who is connected now, and how soon sockets hear of a change."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from kanban_mcp.diagnostics.histogram import Histogram


class ConnectionMonitor:
    """Connections by transport, and the time from a change to its frame on a socket."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._latency = Histogram()
        self._lock = threading.Lock()
        self._counted: dict[str, Callable[[], int]] = {}

    @contextlib.contextmanager
    def counting(self, transport: str) -> Iterator[None]:
        """Count a connection until the end of the block."""
        self._count(transport, 1)
        try:
            yield
        finally:
            self._count(transport, -1)

    def counted(self, transport: str, count: Callable[[], int]) -> None:
        """Ask this for the connections of a transport that counts its own."""
        self._counted[transport] = count

    def sent(self, seconds: float) -> None:
        """A frame was sent so long after the change it tells of; clocks that step make that no less than nothing."""
        self._latency.observe(max(0.0, seconds))

    @property
    def latency(self) -> Histogram:
        """How long frames took."""
        return self._latency

    @property
    def opened(self) -> int:
        """How many connections `open` counts now, of all transports."""
        with self._lock:
            return self._open.total()

    @property
    def by_transport(self) -> Mapping[str, int]:
        """How many connections are open, by transport; none that has none."""
        with self._lock:
            found = +self._open
        return {**found, **{transport: count() for transport, count in self._counted.items()}}

    def _count(self, transport: str, by: int) -> None:
        with self._lock:
            self._open[transport] += by
