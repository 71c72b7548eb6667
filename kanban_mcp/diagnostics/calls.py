"""Watches calls of operations, and how busy the process is."""

import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable

from kanban_mcp.diagnostics.connections import ConnectionMonitor
from kanban_mcp.diagnostics.histogram import Histogram
from kanban_mcp.diagnostics.queries import QueryMonitor
from kanban_mcp.errors import Internal
from kanban_mcp.models.diagnostics import Performance, milliseconds
from kanban_mcp.models.page import page

MINUTE = 60
LOG_SECONDS = 300.0
AT_ONCE = 100
"""So many calls are taken down before they are counted."""
_COLUMNS = ("operation", "transport", "count", "errors", "p50_ms", "p95_ms", "p99_ms", "max_ms")

log = logging.getLogger(__name__)


class Calls:
    """The calls of one operation over one transport so far."""

    __slots__ = ("errors", "operation", "times", "transport")

    def __init__(self, operation: str, transport: str) -> None:
        self.operation = operation
        self.transport = transport
        self.times = Histogram()
        self.errors: Counter[str] = Counter()

    def by_status(self, status: Callable[[str], str]) -> Counter[str]:
        """How many ended with which status; `status` gives that of an error's code."""
        found = Counter({"2xx": self.times.count - self.errors.total()})
        for code, count in self.errors.copy().items():
            found[status(code)] += count
        return +found


class CallMonitor:
    """Counts calls; what `connections` and `queries` count is shown beside them."""

    def __init__(
        self,
        queries: QueryMonitor,
        connections: ConnectionMonitor,
        *,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
        memory: Callable[[], dict[str, int]] = dict,
    ) -> None:
        self._queries = queries
        self._connections = connections
        self._clock = clock
        self._cpu = cpu
        self._memory = memory
        self._lock = threading.Lock()
        self._new: deque[tuple[str, str, float, str | None, float]] = deque()
        self._calls: dict[tuple[str, str], Calls] = {}
        self._in_second, self._second_ends = 0, 0.0
        self._seconds: deque[tuple[float, int]] = deque(maxlen=MINUTE)
        self._started = self._logged = clock()
        self._ticked = (self._started, cpu())
        self._share = 0.0

    def observe(self, operation: str, transport: str, seconds: float, error: str | None) -> None:
        """Take one call down: how it came, how long it took from asking to answer, and the code of its error.

        Every call pays for this, and the fast ones take some 30 us: they are counted many at a time, or when asked.
        """
        self._new.append((operation, transport, seconds, error, self._clock()))
        if len(self._new) >= AT_ONCE:
            self._count()

    def _count(self) -> None:
        """Count what was taken down."""
        with self._lock:
            while self._new:
                operation, transport, seconds, error, at = self._new.popleft()
                calls = self._calls.get((operation, transport)) or self._added(operation, transport)
                calls.times.observe(seconds)
                if error is not None:
                    calls.errors[error] += 1
                if at >= self._second_ends:
                    self._begin_second(at)
                self._in_second += 1

    def tick(self) -> None:
        """Measure the share of a core since the last tick; every five minutes, log how it goes."""
        now, cpu = self._clock(), self._cpu()
        before, used = self._ticked
        if now > before:
            self._share = (cpu - used) / (now - before)
            self._ticked = (now, cpu)
        if now - self._logged >= LOG_SECONDS:
            self._logged = now
            times = self._times()
            figures = {"calls": times.count, "p95_ms": milliseconds(times.quantile(0.95))}
            log.info("performance", extra={**figures, "cpu_usage": round(self._share, 3)})

    def get_performance(self) -> Performance:
        """Calls by operation since the start in milliseconds, requests a second over the last minute, CPU as a share of
        one core, memory in bytes, statements, connections.
        """
        calls = sorted(self.by_operation(), key=lambda calls: -calls.times.total)
        mean, largest, slow = self._queries.summary
        connections, latency = dict(self._connections.by_transport), self._connections.latency
        return Performance(
            uptime_seconds=round(self._clock() - self._started, 1),
            api_response_time=_quantiles(self._times()),
            database_query_time={"average": milliseconds(mean), "max": milliseconds(largest), "slow_queries": slow},
            memory_usage=self._memory(),
            requests_per_second=round(self._rate(), 2),
            cpu_usage=round(self._usage(), 3),
            cpus=os.cpu_count() or 1,
            active_connections=sum(connections.values()),
            connections=connections,
            websocket_latency={"average": milliseconds(latency.mean), "max": milliseconds(latency.largest)},
            errors=dict(sum((call.errors for call in calls), Counter())),
            operations=page(_COLUMNS, calls, _figures, limit=100, total=len(calls)),
        )

    @property
    def verdict(self) -> str:
        """`failing` when calls failed by a fault of the server rather than by what was asked."""
        return "failing" if any(calls.errors[Internal.code] for calls in self.by_operation()) else "ok"

    def _usage(self) -> float:
        """The share of a core since the last tick; right after one, that up to it."""
        before, used = self._ticked
        passed = self._clock() - before
        return (self._cpu() - used) / passed if passed >= 1 else self._share

    def by_operation(self) -> list[Calls]:
        """The calls of each operation over each transport so far."""
        self._count()
        with self._lock:
            return list(self._calls.values())

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def _rate(self) -> float:
        """Calls a second over the last minute, or since the start if that is less."""
        self._count()
        now = self._clock()
        with self._lock:
            seconds = [*self._seconds, (self._second_ends, self._in_second)]
        recent = sum(count for end, count in seconds if end - 1 > now - MINUTE)
        return recent / min(MINUTE, max(1.0, now - self._started))

    def _begin_second(self, now: float) -> None:
        self._seconds.append((self._second_ends, self._in_second))
        self._in_second, self._second_ends = 0, now + 1

    def _added(self, operation: str, transport: str) -> Calls:
        return self._calls.setdefault((operation, transport), Calls(operation, transport))

    def _times(self) -> Histogram:
        """The durations of all calls."""
        return Histogram.of(calls.times for calls in self.by_operation())


def _quantiles(times: Histogram) -> dict[str, float]:
    return {f"p{round(share * 100)}": milliseconds(times.quantile(share)) for share in (0.5, 0.95, 0.99)}


def _figures(calls: Calls) -> list[object]:
    times = calls.times
    largest = milliseconds(times.largest)
    return [calls.operation, calls.transport, times.count, calls.errors.total(), *_quantiles(times).values(), largest]
