"""Watches calls of operations, and how busy the process is."""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable

from kanban_mcp.answers import CallSample
from kanban_mcp.diagnostics.connections import ConnectionMonitor
from kanban_mcp.diagnostics.histogram import Histogram
from kanban_mcp.diagnostics.queries import QueryMonitor
from kanban_mcp.errors import Internal
from kanban_mcp.models.diagnostics import Performance, milliseconds
from kanban_mcp.models.page import page

MINUTE = 60
LOG_SECONDS = 300.0
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
        self._calls: dict[tuple[str, str], Calls] = {}
        self._all = Histogram()
        self._seconds: list[tuple[int, int]] = [(-1, 0)] * MINUTE
        self._started = self._logged = clock()
        self._ticked = (self._started, cpu())
        self._share = 0.0

    def observe(self, sample: CallSample) -> None:
        """Count one call."""
        now = int(self._clock())
        key = (sample.operation, sample.transport)
        with self._lock:
            calls = self._calls.get(key) or self._calls.setdefault(key, Calls(*key))
            calls.times.observe(sample.seconds)
            if sample.error is not None:
                calls.errors[sample.error] += 1
            self._all.observe(sample.seconds)
            second, count = self._seconds[now % MINUTE]
            self._seconds[now % MINUTE] = (now, count + 1 if second == now else 1)

    def tick(self) -> None:
        """Measure the share of a core since the last tick; every five minutes, log how it goes."""
        now, cpu = self._clock(), self._cpu()
        before, used = self._ticked
        if now > before:
            self._share = (cpu - used) / (now - before)
            self._ticked = (now, cpu)
        if now - self._logged >= LOG_SECONDS:
            self._logged = now
            figures = {"calls": self._all.count, "p95_ms": milliseconds(self._all.quantile(0.95))}
            log.info("performance", extra={**figures, "cpu_usage": round(self._share, 3)})

    def get_performance(self) -> Performance:
        """Calls by operation since the start in milliseconds, requests a second over the last minute, CPU as a share of
        one core, memory in bytes, statements, connections.
        """
        with self._lock:
            calls = sorted(self._calls.values(), key=lambda calls: -calls.times.total)
        mean, largest, slow = self._queries.summary
        connections, latency = dict(self._connections.by_transport), self._connections.latency
        return Performance(
            uptime_seconds=round(self._clock() - self._started, 1),
            api_response_time=_quantiles(self._all),
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
        with self._lock:
            return "failing" if any(calls.errors[Internal.code] for calls in self._calls.values()) else "ok"

    def _usage(self) -> float:
        """The share of a core since the last tick; right after one, that up to it."""
        before, used = self._ticked
        passed = self._clock() - before
        return (self._cpu() - used) / passed if passed >= 1 else self._share

    def by_operation(self) -> list[Calls]:
        """The calls of each operation over each transport so far."""
        with self._lock:
            return list(self._calls.values())

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def _rate(self) -> float:
        """Calls a second over the last minute, or since the start if that is less."""
        now = int(self._clock())
        recent = sum(count for second, count in self._seconds if now - MINUTE < second <= now)
        return recent / min(MINUTE, max(1.0, self._clock() - self._started))


def _quantiles(times: Histogram) -> dict[str, float]:
    return {f"p{round(share * 100)}": milliseconds(times.quantile(share)) for share in (0.5, 0.95, 0.99)}


def _figures(calls: Calls) -> list[object]:
    times = calls.times
    largest = milliseconds(times.largest)
    return [calls.operation, calls.transport, times.count, calls.errors.total(), *_quantiles(times).values(), largest]
