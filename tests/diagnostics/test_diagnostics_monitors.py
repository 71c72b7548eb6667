"""What the monitors show of real work."""

import logging
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.diagnostics.calls import CallMonitor
from kanban_mcp.diagnostics.connections import ConnectionMonitor
from kanban_mcp.diagnostics.queries import FEW, MOST_NAMES, MOST_SLOW, QueryMonitor
from kanban_mcp.diagnostics.ticker import Ticker
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from tests.conftest import Call, Refused


def rows_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a page as dictionaries."""
    return [dict(zip(page["columns"], row, strict=True)) for row in page["rows"]]


def no_plan(sql: str) -> list[str]:
    """For monitors that are never asked for a plan."""
    raise AssertionError(sql)


async def test_statements_are_counted_by_name(call: Call, board: dict[str, Any]) -> None:
    for _ in range(3):
        await call("create_task", title="x")
    queries = {row["name"]: row for row in rows_of((await call("get_query_stats", limit=100))["queries"])}
    assert (queries["tasks.insert"]["count"], queries["tasks.insert"]["errors"]) == (3, 0)
    insert = queries["tasks.insert"]
    assert 0 < insert["p50_ms"] <= insert["p95_ms"] <= insert["p99_ms"] <= insert["max_ms"] * 1.001


async def test_a_slow_statement_is_logged_and_shown_with_its_plan(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with open_app(Settings(db=db, toolsets=("all",), slow_query_ms=0)) as app:
        await app.runner.call("create_board", {"name": "secret plans"}, actor="ann")
        stats = await app.runner.call("get_query_stats", {"slow_only": True}, actor="ann")
    names = {name for name, _, _ in stats["slow"]}
    assert "boards.insert" in names
    assert {plan["name"] for plan in stats["plans"]} == names
    assert [slow[1] for slow in stats["slow"]] == sorted((slow[1] for slow in stats["slow"]), reverse=True)
    plans = {record.query: record.plan for record in caplog.records if record.message == "slow query"}  # type: ignore[attr-defined]
    assert "boards_by_name" in plans["boards.named"] or "USING" in plans["boards.named"]
    assert "boards.insert" in plans
    assert "secret plans" not in caplog.text


async def test_a_statement_is_explained_by_name(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    await call("list_tasks")
    stats = await call("get_query_stats", explain="tasks.page")
    assert "tasks_by_position" in " ".join(stats["plans"][0]["steps"])
    error = await refused("get_query_stats", explain="tasks.pgae")
    assert (error.code, "tasks.page" in error.hint) == ("invalid", True)


def test_statements_and_slow_ones_are_kept_up_to_a_bound() -> None:
    monitor = QueryMonitor(lambda sql: ["scan"], slow_seconds=0)
    for number in range(MOST_NAMES * 2):
        monitor.observe(f"name {number}", "select 1", number / 1000, 1, False)
    assert len(monitor._queries) == MOST_NAMES + 1
    assert len(monitor._slow) == MOST_SLOW
    assert monitor.summary[2] == MOST_NAMES * 2


async def test_calls_are_counted_by_operation_and_their_errors_by_code(
    call: Call, app: App, board: dict[str, Any]
) -> None:
    await call("get_board")
    with pytest.raises(Exception, match="no task"):
        await call("get_task", task_id=99)
    performance = await call("get_performance")
    calls = {row["operation"]: row for row in rows_of(performance["operations"])}
    assert (calls["get_board"]["count"], calls["get_task"]["errors"]) == (1, 1)
    assert performance["errors"] == {"not_found": 1}
    assert set(performance["api_response_time"]) == {"p50", "p95", "p99"}
    assert set(performance["database_query_time"]) == {"average", "max", "slow_queries"}
    assert set(performance["memory_usage"]) == {"rss", "budget", "cache", "sqlite"}
    assert performance["memory_usage"]["rss"] > performance["memory_usage"]["sqlite"] > 0


async def test_unknown_operations_do_not_make_the_monitor_grow(call: Call, board: dict[str, Any]) -> None:
    for number in range(5):
        with pytest.raises(Exception, match="no operation"):
            await call(f"nonsense_{number}")
    performance = await call("get_performance")
    assert [row["count"] for row in rows_of(performance["operations"]) if row["operation"] == "unknown"] == [5]


class SteppedClock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_the_rate_is_that_of_the_last_minute() -> None:
    clock = SteppedClock()
    monitor = CallMonitor(QueryMonitor(no_plan), ConnectionMonitor(), clock=clock)
    for _ in range(120):
        clock.seconds += 1
        monitor.observe("get_task", "direct", 0.001, None)
    assert monitor.get_performance().requests_per_second == pytest.approx(1.0, abs=0.05)
    clock.seconds += 61
    assert monitor.get_performance().requests_per_second == 0


def test_the_cpu_share_is_taken_between_ticks_and_logged_every_five_minutes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock, cpu = SteppedClock(), SteppedClock()
    monitor = CallMonitor(QueryMonitor(no_plan), ConnectionMonitor(), clock=clock, cpu=cpu)
    for _ in range(11):
        clock.seconds += 30
        cpu.seconds += 15
        monitor.tick()
    assert monitor.get_performance().cpu_usage == 0.5
    assert [record.message for record in caplog.records] == ["performance"]


async def test_groups_show_their_size_and_failures_apart(call: Call, app: App, board: dict[str, Any]) -> None:
    async def fail() -> None:
        with pytest.raises(Exception, match="no task"):
            await call("add_note", task_id=99, content="x")

    async def create(number: int) -> None:
        await call("create_task", title=f"{number}")

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(create, number)
        tasks.start_soon(fail)
    stats = await call("get_batch_stats")
    assert (stats["writes"], stats["failed_alone"]) == (32, 1)
    assert stats["groups"] < 32
    assert stats["largest_size"] > 1
    assert stats["mean_size"] == round(stats["writes"] / stats["groups"], 2)


async def test_cache_figures_and_forgetting_by_pattern(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    for _ in range(4):
        await call("get_task", task_id=1)
    stats = await call("get_cache_stats")
    assert rows_of(stats["views"]) == [{"view": "get_task", "hits": 3, "misses": 1, "hit_rate": 0.75}]
    assert (stats["entries"], stats["hit_rate"]) == (1, 0.75)
    assert (await call("invalidate_cache", pattern="board:*"))["forgotten"] == 0
    assert (await call("invalidate_cache", pattern="task:1"))["forgotten"] == 1


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("profile", {"seconds": 9999}),
        ("profile", {"seconds": 0}),
        ("profile", {"operation": "rm -rf /"}),
        ("profile", {"operation": "gett_task"}),
        ("invalidate_cache", {"pattern": "*" * 10_000}),
        ("invalidate_cache", {"pattern": ""}),
        ("get_query_stats", {"explain": "nothing.such"}),
        ("get_query_stats", {"sort": "beauty"}),
        ("get_memory", {"top": 1000}),
    ],
)
async def test_senseless_questions_are_refused_at_once(
    refused: Refused, board: dict[str, Any], operation: str, arguments: dict[str, Any]
) -> None:
    error = await refused(operation, **arguments)
    assert (error.code, bool(error.hint)) == ("invalid", True)


async def test_health_tells_of_the_file_and_finds_it_sound(call: Call, db: Path, board: dict[str, Any]) -> None:
    await call(
        "create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}, {"title": "c", "parent_id": "$0"}]
    )
    health = await call("get_health", check=True)
    assert (health["status"], health["checked"], health["file"]) == ("ok", True, str(db))
    assert health["last_seq"] == int((await call("list_changes", limit=100))["next"])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("update tasks set blocked_by = 7 where id = 1", "blocks task 1 is wrong"),
        ("update columns set task_count = 9 where status = 'review'", "column 'review'"),
        ("insert into tasks_fts (rowid, title, description) values (77, 'ghost', '')", "text index tasks_fts"),
    ],
)
async def test_health_finds_counts_and_indexes_that_are_wrong(
    call: Call, app: App, board: dict[str, Any], damage: str, words: str
) -> None:
    await call("create_task", title="a")
    app.writer.submit(lambda: app.database.run("test.damage", damage), caller=Caller("test")).result()
    health = await call("get_health", check=True)
    assert health["status"] == "failing"
    assert words in " ".join(health["problems"])


async def test_health_tells_the_verdict_of_each_monitor(call: Call, app: App, board: dict[str, Any]) -> None:
    health = await call("get_health")
    assert health["monitors"] == {"queries": "ok", "calls": "ok", "cache": "ok", "memory": "ok"}
    for _ in range(2 * FEW):
        app.watch.queries.observe("slow.one", "select 1", 0.3, 1, True)
    app.watch.calls.observe("get_task", "direct", 0.001, "internal")
    health = await call("get_health")
    assert (health["status"], health["monitors"]["queries"], health["monitors"]["calls"]) == (
        "warning",
        "slow",
        "failing",
    )
    assert ["get_query_stats" in warning for warning in health["warnings"]] == [True, False]


async def test_a_profile_shows_what_our_own_phases_took(call: Call, board: dict[str, Any]) -> None:
    await call("get_health", check=True)
    spans = {name: count for name, count, _, _ in (await call("profile", seconds=0.1))["spans"]}
    assert {"open the file", "check rows", "check indexes"} <= set(spans)


def test_a_monitor_that_fails_is_ticked_again_and_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    reached = threading.Event()
    counts = {"bad": 0}

    def bad() -> None:
        counts["bad"] += 1
        raise ValueError("broken monitor")

    def good() -> None:
        if counts["bad"] >= 2:
            reached.set()

    ticker = Ticker([bad, good], seconds=0.001)
    assert reached.wait(10)
    ticker.close()
    assert "broken monitor" in caplog.text
