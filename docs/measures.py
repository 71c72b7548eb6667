"""The page on `/metrics`: every metric as the collector gives it, and the JSON form."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.metrics_core import Metric

from kanban_mcp.app import App
from kanban_mcp.transport.pages.metrics import Metrics
from kanban_mcp.transport.rest.rest import Asked, Rest

_SUFFIX = {"counter": "_total"}
_FIGURES = {
    "timestamp": "when it was asked, in UTC",
    "uptime": "seconds since the server opened its file",
    "performance.uptime_seconds": "the same, as `get_performance` has it",
    "performance.api_response_time.p50": "milliseconds from asking to answer, of all calls since the start; within 2 %",
    "performance.api_response_time.p95": "",
    "performance.api_response_time.p99": "",
    "performance.database_query_time.average": "milliseconds of statements since the start",
    "performance.database_query_time.max": "",
    "performance.database_query_time.slow_queries": "how many took longer than `KANBAN_SLOW_QUERY_MS`",
    "performance.memory_usage.rss": "bytes of the process",
    "performance.memory_usage.budget": "bytes it may need, `KANBAN_MEMORY_BUDGET_MB`",
    "performance.memory_usage.cache": "bytes of the answers kept",
    "performance.memory_usage.sqlite": "bytes that SQLite holds",
    "performance.requests_per_second": "calls a second over the last minute",
    "performance.cpu_usage": "share of one core since the last tick, which is every 30 s",
    "performance.cpus": "cores of the machine",
    "performance.active_connections": "connections open now",
    "performance.connections": "the same by what they carry: `http`, `sse`, `websocket`",
    "performance.websocket_latency.average": "milliseconds from a change to its frame",
    "performance.websocket_latency.max": "",
    "performance.errors": "refused calls by the code of their error",
    "operations": "by operation and transport: `count`, `errors`, `p50_ms`, `p95_ms`, `p99_ms`, `max_ms`",
    "memory.rss": "bytes of the process, at the last tick",
    "memory.budget": "bytes it may need",
    "memory.share": "the share of it that is used",
    "memory.file_descriptors": "open files and sockets",
    "memory.threads": "threads of Python",
    "memory.cache_bytes": "bytes of the answers kept",
    "memory.connections": "connections to the file",
    "memory.sqlite_bytes": "bytes that SQLite holds",
}
_WHOLE = {"performance.connections", "performance.errors", "operations"}
"""Figures whose parts depend on what was asked so far."""


def metrics_page(app: App) -> str:
    """The page, without its first line. Calls some operations, so that each metric has a sample."""
    rest = Rest(app)
    rest.asked[Asked("/boards/{board}", "GET", 200)] += 1
    for name, arguments in (("create_board", {"name": "Plan"}), ("get_board", {})):
        asyncio.run(app.runner.call(name, arguments, actor="ann"))
    app.watch.connections.counted("http", lambda: 1)
    metrics = Metrics(app, rest)
    rows = "".join(f"| {' | '.join(row)} |\n" for row in map(_row, metrics.collect()))
    figures = "".join(f"| `{name}` | {text} |\n" for name, text in _told(metrics.figures()))
    return _TEXT.format(rows=rows, figures=figures)


def _row(metric: Metric) -> tuple[str, ...]:
    labels = dict.fromkeys(name for sample in metric.samples for name in sample.labels)
    named = ", ".join(f"`{name}`" for name in labels)
    return f"`{metric.name}{_SUFFIX.get(metric.type, '')}`", metric.type, named, metric.documentation


def _told(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every figure with its meaning. Raises KeyError for one that has none."""
    names = list(_named(figures))
    assert set(names) == set(_FIGURES), set(names) ^ set(_FIGURES)
    yield from ((name, _FIGURES[name]) for name in names)


def _named(figures: Mapping[str, Any], within: str = "") -> Iterable[str]:
    for key, value in figures.items():
        name = f"{within}{key}"
        if isinstance(value, dict) and name not in _WHOLE:
            yield from _named(value, f"{name}.")
        else:
            yield name


_TEXT = """# Metrics

`GET /metrics` of `kanban-mcp serve` needs a key with the scope `admin`; without any key in the file, a request from the
machine itself. What is measured is read from the monitors when it is asked for. Over stdio, and for agents, the same is
in [`get_performance`](operations.md#get_performance) and its neighbours.

## For Prometheus

As text, or as OpenMetrics where `Accept` asks for it.

| metric | type | labels | |
|---|---|---|---|
{rows}
Labels hold nothing that callers choose:

| label | |
|---|---|
| `operation`, `view` | an [operation](operations.md); `unknown` for a name that is none |
| `transport` | `stdio` and `http` for tools over MCP, `mcp` for its resources and prompts, `rest`, `websocket`, `cli` |
| `status` | of calls `2xx`, `4xx` or `5xx`; of requests the status itself |
| `route`, `method` | the template of an [address](rest.md), such as `/tasks/{{task_id}}` |
| `outcome` | `hit` or `miss` |
| `quantile` | `0.5`, `0.95` or `0.99` |

Counts and sums of several processes add up, quantiles do not.

## As JSON

With `Accept: application/json`, under the names of the performance specification in snake_case:

| figure | |
|---|---|
{figures}"""
