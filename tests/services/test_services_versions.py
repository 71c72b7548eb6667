"""Several who edit one task: what each did not know of is never overwritten."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.caller import Caller
from tests.conftest import Call, Refused, SettableClock


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """One task at version 1."""
    return await call("create_task", title="x")


@pytest.mark.parametrize(
    ("field", "mine", "theirs"),
    [
        ("title", "a", "b"),
        ("description", "a", "b"),
        ("priority", 1, 2),
        ("assignee", "a", "b"),
        ("tags", ["a"], ["b"]),
        ("parent_id", 2, 3),
        ("acceptance", ["a"], ["b"]),
        ("due_at", "2026-01-01", "2026-01-02"),
    ],
)
async def test_every_field_is_guarded_by_the_version(
    call: Call, refused: Refused, task: dict[str, Any], field: str, mine: Any, theirs: Any
) -> None:
    await call("create_tasks", tasks=[{"title": "p"}, {"title": "q"}])
    await call("update_task", actor="bob", task_id=1, **{field: theirs}, version=1)
    error = await refused("update_task", task_id=1, **{field: mine}, version=1)
    assert (error.code, f"; {field} changed since version 1" in error.message) == ("stale_version", True)
    assert error.current is not None
    after = await call("update_task", task_id=1, **{field: mine}, version=error.current["version"])
    assert after["version"] == 3


async def test_a_version_that_is_not_there_yet_is_refused(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    assert (await refused("update_task", task_id=1, title="y", version=2)).code == "stale_version"


async def test_a_version_older_than_the_log_is_refused_since_nobody_knows_what_changed(
    app: App, call: Call, refused: Refused, clock: SettableClock, task: dict[str, Any]
) -> None:
    await call("update_task", actor="bob", task_id=1, title="Bob's")
    clock.advance(days=10)
    await call("update_task", actor="bob", task_id=1, priority=9)
    assert app.writer.submit(lambda: app.services.history.trim(5), caller=Caller("test")).result(30) > 0
    assert (await refused("update_task", task_id=1, title="mine", version=1)).code == "stale_version"
    assert (await call("update_task", task_id=1, title="mine", version=2))["title"] == "mine"


async def test_what_follows_from_another_task_is_no_new_version(call: Call, task: dict[str, Any]) -> None:
    await call("create_task", title="needed")
    await call("link_tasks", task_id=1, depends_on=2)
    await call("complete_task", task_id=2)
    await call("add_note", task_id=1, content="n")
    assert (await call("get_task", task_id=1))["version"] == 1


FIELDS = ("title", "description", "priority", "assignee")
EDITS = st.tuples(st.sampled_from(FIELDS), st.integers(0, 2), st.integers(0, 4))
"""Which field gets which value, from one who read that many versions ago."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, max_size=15))
async def test_an_edit_succeeds_just_when_its_field_is_as_its_editor_read_it(
    app: App, edits: list[tuple[str, int, int]]
) -> None:
    board = (await app.runner.call("create_board", {"name": uuid4().hex}, actor="ann"))["id"]
    made = await app.runner.call("create_task", {"title": "0", "priority": 0, "board": board}, actor="ann")
    task_id, version = made["id"], 1
    changed_at = dict.fromkeys(FIELDS, 1)
    values: dict[str, Any] = {"title": "0", "priority": 0, "description": "", "assignee": None}
    for field, number, ago in edits:
        read = max(1, version - ago)
        value = number if field == "priority" else str(number)
        arguments = {"task_id": task_id, field: value, "version": read}
        try:
            await app.runner.call("update_task", arguments, actor="ann")
        except KanbanError as error:
            assert (error.code, changed_at[field] > read) == ("stale_version", True)
            continue
        assert changed_at[field] <= read
        if values[field] != value:
            version += 1
            values[field], changed_at[field] = value, version
    brief = await app.runner.call("get_task", {"task_id": task_id}, actor="ann")
    assert brief["version"] == version
    assert {field: brief.get(field, "" if field == "description" else None) for field in FIELDS} == values
