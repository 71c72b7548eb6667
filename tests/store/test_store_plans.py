"""Statements that matter run on the index made for them, on a board large enough that it shows."""

import asyncio
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.store.engine import sqlite3

INDEXES = {
    "tasks.page": "tasks_by_position",
    "tasks.last_position": "tasks_by_position",
    "tasks.previous_position": "tasks_by_position",
    "tasks.next_position": "tasks_by_position",
    "tasks.at": "tasks_by_position",
    "tasks.assigned": "tasks_assigned",
    "tasks.archived": "tasks_archived",
    "tasks.finished": "tasks_completed",
    "tasks.of_parent": "tasks_children",
    "tasks.tagged": "task_tags_by_tag",
    "tasks.carriers": "task_tags_by_tag",
    "tasks.subtasks": "tasks_children",
    "claims.ready": "tasks_ready",
    "claims.ready_tagged": "task_tags_by_tag",
    "claims.ready_for": "tasks_assigned",
    "claims.expired": "tasks_held",
    "claims.holders": "tasks_held",
    "notes.recent": "notes_of_task",
    "notes.page": "notes_of_task",
    "changes.of_board": "changes_of_board",
    "changes.of_task": "changes_of_task",
    "changes.of_actor": "changes_of_actor",
    "changes.of_entity": "changes_of_entity",
    "changes.fields_changed": "changes_of_task",
    "changes.since": "PRIMARY KEY",
    "changes.at": "PRIMARY KEY",
    "columns.first": "tasks_by_position",
    "columns.ages": "tasks_unchanged",
    "columns.holds_tasks": "tasks_archived",
    "tags.of_task": "PRIMARY KEY",
    "tags.page": "task_tags_by_tag",
    "tags.carriers": "task_tags_by_tag",
    "tags.descendants": "tags_children",
    "dependencies.needs": "PRIMARY KEY",
    "dependencies.waiting_for": "dependencies_reversed",
    "dependencies.blocked": "dependencies_reversed",
    "dependencies.blockers": "PRIMARY KEY",
    "dependencies.related": "dependencies_reversed",
    "dependencies.around": "dependencies_reversed",
    "dependencies.from": "PRIMARY KEY",
    "dependencies.to": "dependencies_reversed",
    "dependencies.children": "tasks_children",
    "flow.turns": "changes_of_board",
    "flow.ends": "changes_of_board",
    "flow.returned": "changes_of_entity",
    "flow.log_begins": "changes_of_board",
    "flow.standings": "tasks_by_position",
    "flow.tags": "PRIMARY KEY",
    "idempotency.get": "PRIMARY KEY",
    "idempotency.forget": "idempotency_by_age",
}
EVERYDAY: list[tuple[str, dict[str, Any]]] = [
    ("create_task", {"title": "x", "tags": ["core"]}),
    ("list_tasks", {"limit": 5}),
    ("list_tasks", {"limit": 5, "tag": "core"}),
    ("get_task", {"task_id": 1}),
    ("get_board", {}),
    ("search", {"query": "x"}),
    ("list_ready", {}),
    ("list_notes", {"task_id": 1}),
    ("list_changes", {"board": 1}),
    ("claim_next", {}),
]
UNSORTED = {
    "columns.ages",
    "columns.first",
    "dependencies.blockers",
    "dependencies.related",
    "changes.fields_changed",
    "claims.ready_for",
    "tags.of_task",
    "dependencies.blocked",
    "dependencies.around",
    "tasks.subtasks",
    "tags.page",
    "tasks.of_parent",
    "tasks.tagged",
    "claims.ready_tagged",
}
"""Few rows, sorted after they are found."""
SMALL = {"CONSTANT ROW", "i", "r", "below", "boards", "x", "(subquery-2)", "t USING COVERING INDEX tasks_archived"}
"""What may be read from end to end: lists of ids, parts of statements, boards, of which only the first are, and what is
archived, by index alone."""


Plan: TypeAlias = list[str]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """How each statement of a day's work runs, by name."""
    seen: dict[str, str] = {}
    with open_app(Settings(db=tmp_path_factory.mktemp("plans") / "kanban.db", toolsets=("all",))) as app:
        app.database.on_query = lambda name, sql, *_: seen.__setitem__(name, sql)
        asyncio.run(a_day(app))
        with app.database.reading():
            return {name: app.database.plan(sql) for name, sql in seen.items() if sql.split()[0] != "pragma"}


async def a_day(app: App) -> None:
    """Some of everything."""

    async def call(operation: str, /, **arguments: Any) -> dict[str, Any]:
        return await app.runner.call(operation, arguments, actor="ann")

    board = await call("create_board", name="Alpha")
    tasks: list[dict[str, Any]] = [{"title": f"{number}", "assignee": "ann"} for number in range(20)]
    await call("create_tasks", tasks=tasks)
    await call("link_tasks", task_id=2, depends_on=1)
    await call("link_tasks", task_id=2, depends_on=3, kind="relates")
    await call("get_task", task_id=2)
    await call("move_task", task_id=3, before=5)
    await call("move_task", task_id=3, after=6)
    await call("create_task", title="child", parent_id=4, idempotency_key="k")
    await call("claim_next")
    await call("get_task", task_id=4)
    await call("list_tasks")
    await call("list_tasks", assignee="ann")
    await call("list_tasks", archived=True)
    await call("list_tasks", finished=True)
    await call("get_board")
    await call("list_notes", task_id=1)
    await call("get_task_graph", task_id=1)
    await call("list_changes", board=1, since="2026-01-01")
    await call("list_changes", task_id=1)
    await call("update_task", task_id=7, title="x")
    await call("update_task", task_id=7, priority=1, version=1)
    await call("move_task", task_id=8, status="done")
    await call("get_board_stats")
    kept = [column for column in board["columns"] if column["status"] != "review"]
    await call("set_columns", columns=[{key: column[key] for key in ("status", "category")} for column in kept])
    await call("tag_task", task_id=9, tags=["core"])
    await call("list_tasks", tag="core")
    await call("list_tasks", parent_id=4)
    await call("list_ready", tag="core")
    await call("list_tags")
    await call("search", query="x", tag="core")
    await call("delete_tag", tag="core", confirm=True)
    await call("delete_task", task_id=9, confirm=True)
    await call("move_task", task_id=10, status="done")
    await call("undo", since=int((await call("list_changes", limit=100))["next"]) - 1)
    await call("delete_task", task_id=11, confirm=True)
    await call("undo", since=int((await call("list_changes", limit=100))["next"]) - 1)
    await call("get_flow_metrics")
    await call("forecast")


async def test_a_call_made_before_prepares_no_statement_anew(app: App) -> None:
    """Preparing takes several times as long as most statements run, and a driver or a parameter may ask for it."""
    prepared: list[int] = []

    async def calls() -> None:
        prepared.clear()
        for operation, arguments in EVERYDAY:
            await app.runner.call(operation, {**arguments}, actor="ann")

    def told(action: int, *_: object) -> int:
        if action not in (sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT):  # the driver's own `commit`
            prepared.append(action)
        return sqlite3.SQLITE_OK

    await app.runner.call("create_board", {"name": "Alpha"}, actor="ann")
    await calls()
    for connection in (app.database._writer, *app.database._readers):
        connection.set_authorizer(told)
    await calls()  # they are all prepared again, now that someone asks to be told
    assert prepared
    await calls()
    assert prepared == []


@pytest.mark.parametrize("name", sorted(INDEXES))
def test_a_statement_runs_on_its_index(plans: dict[str, Plan], name: str) -> None:
    steps = " | ".join(plans[name])
    assert INDEXES[name] in steps, steps
    if name not in UNSORTED:
        assert "TEMP B-TREE" not in steps, steps


def test_no_statement_reads_a_table_from_end_to_end(plans: dict[str, Plan]) -> None:
    scans = {
        (name, step)
        for name, plan in plans.items()
        for step in plan
        if step.startswith("SCAN ") and "VIRTUAL TABLE" not in step and step.removeprefix("SCAN ") not in SMALL
    }
    # Removing a column makes SQLite look for tasks that refer to it; that is rare enough to have no index of its own.
    assert scans - {("columns.delete", "SCAN tasks")} == set()


def test_a_boards_totals_come_from_an_index_each(plans: dict[str, Plan]) -> None:
    plan = " ".join(plans["boards.totals"])
    for index in ("blocked", "held", "due", "high", "archived", "completed"):
        # Of what is held there is one an agent: few rows to look up.
        assert f"{'' if index == 'held' else 'COVERING '}INDEX tasks_{index}" in plan


async def test_a_file_closed_while_it_was_small_keeps_no_statistics(db: Path) -> None:
    """With those of one board SQLite reads all boards for each column, once there are a thousand."""
    for _ in range(2):
        with open_app(Settings(db=db)) as app:
            await app.runner.call("create_board", {"name": uuid4().hex}, actor="ann")
            await app.runner.call("list_boards", {}, actor="ann")
    with open_app(Settings(db=db)) as app, app.database.reading():
        found = app.database.all("test", "select name from sqlite_master where name like 'sqlite_stat%'")
    assert [row["name"] for row in found] == []
