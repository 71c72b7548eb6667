"""Statements that matter run on the index made for them, on a board large enough that it shows."""

from typing import Any

import pytest

from kanban_mcp.app import App
from tests.conftest import Call

INDEXES = {
    "tasks.page": "tasks_by_position",
    "tasks.last_position": "tasks_by_position",
    "tasks.previous_position": "tasks_by_position",
    "tasks.next_position": "tasks_by_position",
    "tasks.at": "tasks_by_position",
    "tasks.assigned": "tasks_assigned",
    "tasks.archived": "tasks_archived",
    "tasks.subtasks": "tasks_children",
    "claims.ready": "tasks_ready",
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
    "tags.of_task": "PRIMARY KEY",
    "dependencies.needs": "PRIMARY KEY",
    "dependencies.waiting_for": "dependencies_reversed",
    "dependencies.blocked": "dependencies_reversed",
    "dependencies.around": "dependencies_reversed",
    "idempotency.forget": "idempotency_by_age",
}
UNSORTED = {
    "changes.fields_changed",
    "claims.ready_for",
    "tags.of_task",
    "dependencies.blocked",
    "dependencies.around",
    "tasks.subtasks",
}
"""Few rows, sorted after they are found."""


@pytest.fixture
async def statements(app: App, call: Call, board: dict[str, Any]) -> dict[str, str]:
    """Every statement of a day's work by name."""
    seen: dict[str, str] = {}
    app.database.on_query = lambda sample: seen.__setitem__(sample.name, sample.sql)
    tasks: list[dict[str, Any]] = [{"title": f"{number}", "assignee": "ann"} for number in range(20)]
    await call("create_tasks", tasks=tasks)
    await call("link_tasks", task_id=2, depends_on=1)
    await call("move_task", task_id=3, before=5)
    await call("move_task", task_id=3, after=6)
    await call("create_task", title="child", parent_id=4, idempotency_key="k")
    await call("claim_next")
    await call("get_task", task_id=4)
    await call("list_tasks")
    await call("list_tasks", assignee="ann")
    await call("list_tasks", archived=True)
    await call("get_board")
    await call("list_notes", task_id=1)
    await call("get_task_graph", task_id=1)
    await call("list_changes", board=1)
    await call("list_changes", task_id=1)
    await call("update_task", task_id=7, title="x")
    await call("update_task", task_id=7, priority=1, version=1)
    await call("move_task", task_id=8, status="done")
    await call("undo", since=int((await call("list_changes", limit=100))["next"]) - 1)
    return seen


@pytest.mark.parametrize("name", sorted(INDEXES))
async def test_a_statement_runs_on_its_index(app: App, statements: dict[str, str], name: str) -> None:
    with app.database.reading():
        plan = app.database.plan(statements[name])
    steps = " | ".join(plan)
    assert INDEXES[name] in steps, steps
    assert "SCAN t" not in steps.replace("SCAN t VIRTUAL", ""), steps
    if name not in UNSORTED:
        assert "TEMP B-TREE" not in steps, steps
