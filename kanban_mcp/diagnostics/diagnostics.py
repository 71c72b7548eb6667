"""All monitors over one store."""

from collections.abc import Callable

from kanban_mcp.diagnostics.batches import BatchMonitor
from kanban_mcp.diagnostics.caching import CacheMonitor
from kanban_mcp.diagnostics.calls import CallMonitor
from kanban_mcp.diagnostics.connections import ConnectionMonitor
from kanban_mcp.diagnostics.health import HealthMonitor
from kanban_mcp.diagnostics.memory import MemoryMonitor
from kanban_mcp.diagnostics.profiler import Profiler, Spans
from kanban_mcp.diagnostics.queries import QueryMonitor
from kanban_mcp.diagnostics.ticker import Ticker
from kanban_mcp.diagnostics.tracing import tracing
from kanban_mcp.models.caller import NOBODY
from kanban_mcp.store.cache import Cache
from kanban_mcp.store.checks import Checks
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import memory_used
from kanban_mcp.store.remote import Remote
from kanban_mcp.store.store import Store
from kanban_mcp.store.writer import Writer

CHECK_SECONDS = 60.0


class Diagnostics:
    """The monitors, each tied to the part it watches, except to the calls: those are above."""

    def __init__(
        self,
        database: Database,
        store: Store,
        writer: Writer,
        cache: Cache,
        remote: Remote | None,
        *,
        batch_size: int,
        window_ms: float,
        slow_seconds: float,
        budget_mb: int,
        spans: Spans,
    ) -> None:
        self._database = database
        self._store = store
        self._writer = writer
        self._checks = Checks(database)
        self.spans = spans
        self.tracing = tracing()
        self.queries = QueryMonitor(database.plan, slow_seconds=slow_seconds)
        self.connections = ConnectionMonitor()
        self.calls = CallMonitor(self.queries, self.connections, memory=lambda: self.memory.usage)
        self.batches = BatchMonitor(lambda: writer.waiting, size=batch_size, window_ms=window_ms)
        self.caching = CacheMonitor(cache, remote)
        sizes = {
            "cache_bytes": lambda: cache.size,
            "connections": lambda: database.connections,
            "sqlite_bytes": memory_used,
        }
        self.memory = MemoryMonitor(database.clock, budget_mb=budget_mb, sizes=sizes)
        self.profiler = Profiler(self.spans)
        self.health = HealthMonitor(
            database,
            self.memory,
            verdicts={
                "queries": lambda: self.queries.verdict,
                "calls": lambda: self.calls.verdict,
                "cache": lambda: self.caching.verdict,
                "memory": lambda: self.memory.verdict,
            },
            waiting=lambda: writer.waiting,
            check=self._check,
            last_seq=self._last_seq,
        )
        self._ticker = Ticker([self._tick_calls, self._tick_memory])
        database.on_query = self.queries.observe
        writer.on_group = self.batches.observe

    @property
    def on_call(self) -> Callable[[str, str, float, str | None], None]:
        """What is told of every call: the monitor, and where spans are collected the tracer too."""
        count, tracing = self.calls.observe, self.tracing
        if tracing is None:
            return count

        def both(operation: str, transport: str, seconds: float, error: str | None) -> None:
            count(operation, transport, seconds, error)
            tracing.observe(operation, transport, seconds, error)

        return both

    def close(self) -> None:
        """Stop watching."""
        self.profiler.stop()
        self._ticker.close()

    def _tick_calls(self) -> None:
        with self.spans.measure("look at calls"):
            self.calls.tick()

    def _tick_memory(self) -> None:
        with self.spans.measure("look at memory"):
            self.memory.tick()

    def _check(self) -> list[str]:
        with self.spans.measure("check rows"), self._database.inspecting():
            found = self._checks.of_rows()
        with self.spans.measure("check indexes"):
            found = [*found, *self._writer.submit(self._checks.of_indexes, caller=NOBODY).result(CHECK_SECONDS)]
        return [finding.message for finding in found if not finding.warning]

    def _last_seq(self) -> int:
        with self._database.reading():
            return self._store.changes.last()
