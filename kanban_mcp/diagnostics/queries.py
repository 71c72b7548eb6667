"""Watches statements: how often each runs, how long, and which are slow and why."""

import heapq
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from kanban_mcp.diagnostics.histogram import Histogram
from kanban_mcp.errors import Invalid
from kanban_mcp.models.diagnostics import Plan, QueryStats, milliseconds
from kanban_mcp.models.fields import Limit
from kanban_mcp.models.page import page
from kanban_mcp.nearest import nearest

SLOW_SECONDS = 0.1
FEW = 100
"""Statements below which shares tell nothing."""
AT_ONCE = 200
"""So many statements are taken down before they are counted."""
MOST_NAMES = 500
MOST_SLOW = 50

log = logging.getLogger(__name__)

_Order = Literal["total", "mean", "p95", "max", "count", "errors"]


class _Query:
    """One named statement so far."""

    __slots__ = ("errors", "name", "rows", "sql", "times")

    def __init__(self, name: str, sql: str) -> None:
        self.name = name
        self.sql = sql
        self.times = Histogram()
        self.rows = 0
        self.errors = 0


_COLUMNS = ("name", "count", "errors", "total_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "rows")
_SORTED_BY: dict[_Order, Callable[[_Query], float]] = {
    "total": lambda query: query.times.total,
    "mean": lambda query: query.times.mean,
    "p95": lambda query: query.times.quantile(0.95),
    "max": lambda query: query.times.largest,
    "count": lambda query: query.times.count,
    "errors": lambda query: query.errors,
}


class QueryMonitor:
    """Counts statements by name; `plan` says how SQLite runs one, in the transaction of the asking thread."""

    def __init__(self, plan: Callable[[str], list[str]], *, slow_seconds: float = SLOW_SECONDS) -> None:
        self._plan = plan
        self._slow_seconds = slow_seconds
        self._lock = threading.Lock()
        self._new: deque[tuple[str, str, float, int, bool]] = deque()
        self._queries: dict[str, _Query] = {}
        self._slow: list[tuple[float, int, str, int]] = []
        self._slow_count = 0

    def observe(self, name: str, sql: str, seconds: float, rows: int, failed: bool) -> None:
        """Take one statement down. Calls pay for each: they are counted many at a time, or when asked."""
        self._new.append((name, sql, seconds, rows, failed))
        if len(self._new) >= AT_ONCE:
            self._count()
        if seconds >= self._slow_seconds:
            self._tell(name, sql, seconds, rows, failed)

    def _count(self) -> dict[str, _Query]:
        """Count what was taken down; all statements so far."""
        with self._lock:
            while self._new:
                name, sql, seconds, rows, failed = self._new.popleft()
                query = self._queries.get(name) or self._added(name, sql)
                query.times.observe(seconds)
                query.rows += rows
                query.errors += failed
            return self._queries.copy()

    def _tell(self, name: str, sql: str, seconds: float, rows: int, failed: bool) -> None:
        with self._lock:
            self._slow_count += 1
            heapq.heappush(self._slow, (seconds, self._slow_count, name, rows))
            if len(self._slow) > MOST_SLOW:
                heapq.heappop(self._slow)
        # In the transaction that it ran in, which a failed statement may have ended.
        plan = "" if failed else "; ".join(self._plan(sql))
        log.warning("slow query", extra={"query": name, "ms": milliseconds(seconds), "rows": rows, "plan": plan})

    def get_query_stats(
        self, sort: _Order = "total", limit: Limit = 20, slow_only: bool = False, explain: str | None = None
    ) -> QueryStats:
        """Statements by name since the start in milliseconds, and the slow ones, worst first. `explain` one by name."""
        if explain is not None:
            return self._explained(explain)
        queries = self._count()
        with self._lock:
            slow = sorted(self._slow, reverse=True)[:limit]
        names = {name for _, _, name, _ in slow}
        chosen = [query for query in queries.values() if not slow_only or query.name in names]
        ordered = sorted(chosen, key=_SORTED_BY[sort], reverse=True)[: limit + 1]
        plans = {name: self._plan(queries[name].sql) for name in sorted(names & queries.keys())}
        return QueryStats(
            queries=page(_COLUMNS, ordered, _figures, limit=limit, total=len(chosen)),
            slow_count=self._slow_count,
            slow_above_ms=milliseconds(self._slow_seconds),
            slow=[(name, milliseconds(seconds), rows) for seconds, _, name, rows in slow],
            plans=[Plan(name=name, steps=steps) for name, steps in plans.items()],
        )

    @property
    def summary(self) -> tuple[float, float, int]:
        """Mean and largest seconds of all statements, and how many were slow."""
        times = [query.times for query in self._count().values()]
        count = sum(time.count for time in times)
        mean = sum(time.total for time in times) / count if count else 0.0
        return mean, max((time.largest for time in times), default=0.0), self._slow_count

    @property
    def verdict(self) -> str:
        """`slow` when more than one statement in twenty was slow."""
        ran = sum(query.times.count for query in self._count().values())
        return "slow" if ran >= FEW and self._slow_count > ran * 0.05 else "ok"

    def _added(self, name: str, sql: str) -> _Query:
        if len(self._queries) >= MOST_NAMES:
            name, sql = "other", "select 1"
        return self._queries.setdefault(name, _Query(name, sql))

    def _explained(self, name: str) -> QueryStats:
        queries = self._count()
        if (query := queries.get(name)) is None:
            near = nearest(name, queries)
            raise Invalid(
                f"No statement named {name[:60]!r} has run yet.",
                hint=f"Did you mean {near}?" if near else "Call without explain to see the names.",
            )
        found = page(_COLUMNS, [query], _figures, limit=1)
        sql = " ".join(query.sql.split())
        return QueryStats(queries=found, plans=[Plan(name=name, sql=sql, steps=self._plan(query.sql))])


def _figures(query: _Query) -> list[object]:
    times = query.times
    shares = [milliseconds(times.quantile(share)) for share in (0.5, 0.95, 0.99)]
    sums = [milliseconds(times.total), milliseconds(times.mean)]
    return [query.name, times.count, query.errors, *sums, *shares, milliseconds(times.largest), query.rows]
