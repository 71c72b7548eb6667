"""What renews a lease, what ends it, and who may write meanwhile."""

from typing import Any

import pytest

from tests.conftest import Call, Refused, SettableClock

TAKEN_AT_NOON = "2026-01-01T12:30"
RENEWED_AT_TWENTY_PAST = "2026-01-01T12:50"


async def lease_end(call: Call) -> str:
    """Until when, to the minute, task 1 is held."""
    return str((await call("get_task", task_id=1))["lease_expires_at"])[:16]


async def last_seq(call: Call) -> str:
    """The seq of the newest change."""
    return str((await call("list_changes", limit=100))["next"])


@pytest.fixture
async def held(call: Call, clock: SettableClock, board: dict[str, Any]) -> int:
    """The lease by which bob holds task 1 since noon, at twenty past. It waits softly for task 2; a tag, a note."""
    await call("create_tasks", tasks=[{"title": "x", "priority": 9, "tags": ["kept"]}, {"title": "y"}])
    await call("link_tasks", task_id=1, depends_on=2, kind="relates")
    await call("add_note", task_id=1, content="old")
    lease: int = (await call("claim_next", actor="bob"))["task"]["lease"]
    clock.advance(minutes=20)
    return lease


WRITES: list[tuple[str, dict[str, Any]]] = [
    ("update_task", {"task_id": 1, "parent_id": 2}),
    ("move_task", {"task_id": 1, "status": "in_progress"}),
    ("archive_task", {"task_id": 1, "archived": False}),
    ("add_note", {"task_id": 1, "content": "new"}),
    ("update_note", {"note_id": 1, "content": "changed"}),
    ("update_note", {"note_id": 1, "content": "old"}),
    ("delete_note", {"note_id": 1, "confirm": True}),
    ("tag_task", {"task_id": 1, "tags": ["new"]}),
    ("tag_task", {"task_id": 1, "tags": ["kept"]}),
    ("untag_task", {"task_id": 1, "tags": ["kept"]}),
    ("link_tasks", {"task_id": 1, "depends_on": 2, "kind": "relates"}),
    ("unlink_tasks", {"task_id": 1, "depends_on": 2}),
]
"""Every way to write to a task that leaves it with its holder, some of them without effect."""


@pytest.mark.parametrize(("operation", "arguments"), WRITES)
async def test_whatever_the_holder_writes_renews_the_lease(
    call: Call, held: int, operation: str, arguments: dict[str, Any]
) -> None:
    await call(operation, actor="bob", **arguments)
    assert await lease_end(call) == RENEWED_AT_TWENTY_PAST


@pytest.mark.parametrize(("operation", "arguments"), WRITES)
async def test_whatever_others_write_renews_nothing(
    call: Call, held: int, operation: str, arguments: dict[str, Any]
) -> None:
    if operation not in ("move_task", "archive_task"):
        await call(operation, actor="eve", **arguments)
    assert await lease_end(call) == TAKEN_AT_NOON


async def test_a_renewal_alone_is_not_logged(call: Call, held: int) -> None:
    seq = await last_seq(call)
    await call("update_task", actor="bob", task_id=1, title="x")
    await call("move_task", actor="bob", task_id=1, status="in_progress", lease=held)
    assert await last_seq(call) == seq


async def test_a_refused_write_of_the_holder_renews_nothing(call: Call, refused: Refused, held: int) -> None:
    await refused("move_task", actor="bob", task_id=1, status="nowhere")
    await refused("update_task", actor="bob", task_id=1, parent_id=99)
    assert await lease_end(call) == TAKEN_AT_NOON


async def test_a_lease_that_ran_out_is_good_until_somebody_takes_the_task(
    call: Call, clock: SettableClock, held: int
) -> None:
    clock.advance(hours=2)
    await call("update_task", actor="bob", task_id=1, title="still mine", lease=held)
    assert "task" not in await call("claim_next", actor="bob", tag="kept")
    assert (await call("complete_task", actor="bob", task_id=1, lease=held))["status"] == "done"


async def test_anyone_may_finish_what_a_lease_that_ran_out_held(call: Call, clock: SettableClock, held: int) -> None:
    clock.advance(minutes=11)
    assert (await call("complete_task", actor="eve", task_id=1))["status"] == "done"


@pytest.mark.parametrize("end", ["complete_task", "release_task", "archive_task"])
async def test_a_lease_ends_with_the_work_and_its_number_is_never_given_again(
    call: Call, refused: Refused, held: int, end: str
) -> None:
    await call(end, actor="bob", task_id=1, lease=held)
    after = await call("get_task", task_id=1)
    assert (after.get("claimed_by"), after.get("lease_expires_at"), after["lease"]) == (None, None, held)
    if end == "archive_task":
        await call("archive_task", task_id=1, archived=False)
    if end == "complete_task":
        await call("move_task", task_id=1, status="todo")
    assert (await refused("update_task", actor="bob", task_id=1, title="z", lease=held)).code == "held"
    assert (await call("claim_next", actor="bob", task_id=1))["task"]["lease"] > held


async def test_a_lease_that_is_over_is_refused_with_the_way_to_get_another(
    call: Call, refused: Refused, held: int
) -> None:
    await call("release_task", actor="bob", task_id=1)
    error = await refused("release_task", actor="bob", task_id=1, lease=held)
    assert (error.code, "Nobody holds task 1" in error.message) == ("held", True)
    assert "claim_next(task_id=...)" in error.hint


async def test_a_lease_given_by_number_is_good_in_anyones_name_and_a_name_without_it(
    call: Call, refused: Refused, held: int
) -> None:
    await call("move_task", actor="bob's other process", task_id=1, status="review", lease=held)
    await call("move_task", actor="bob", task_id=1, status="in_progress")
    assert (await refused("move_task", actor="bob", task_id=1, status="review", lease=held - 1)).code == "held"


async def test_a_lease_of_one_task_opens_no_other(call: Call, refused: Refused, held: int) -> None:
    own = (await call("claim_next", actor="eve"))["task"]
    assert own["lease"] > held
    error = await refused("complete_task", actor="eve", task_id=1, lease=own["lease"])
    assert (error.code, "held by bob" in error.message) == ("held", True)


async def test_work_taken_back_to_a_column_of_waiting_keeps_the_first_start(
    call: Call, clock: SettableClock, held: int
) -> None:
    await call("release_task", actor="bob", task_id=1)
    clock.advance(hours=1)
    again = (await call("claim_next", actor="eve", task_id=1))["task"]
    assert again["started_at"].startswith("2026-01-01T12:00")


async def test_on_a_board_without_work_columns_a_claimed_task_stays_where_it_is(
    call: Call, clock: SettableClock
) -> None:
    columns = [{"status": "open", "category": "todo"}, {"status": "closed", "category": "done"}]
    await call("create_board", name="Flat", columns=columns)
    await call("create_task", title="x")
    assert (await call("claim_next", actor="bob"))["task"]["status"] == "open"
    assert "task" not in await call("claim_next", actor="eve")
    clock.advance(minutes=31)
    assert (await call("claim_next", actor="eve"))["task"]["attempts"] == 2
    released = await call("release_task", actor="eve", task_id=1)
    assert (released["status"], "claimed_by" in released) == ("open", False)


async def test_when_the_column_of_work_is_full_what_was_left_in_it_is_taken_up(
    call: Call, clock: SettableClock, board: dict[str, Any]
) -> None:
    columns = [
        {"status": "todo", "category": "todo"},
        {"status": "doing", "category": "active", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]
    await call("set_columns", columns=columns)
    await call("create_task", title="left", priority=1)
    await call("claim_next", actor="bob")
    await call("create_task", title="urgent", priority=10)
    assert "full: 1 of 1" in (await call("claim_next", actor="eve"))["why"]
    clock.advance(minutes=31)
    assert (await call("claim_next", actor="eve"))["task"]["title"] == "left"


@pytest.mark.parametrize("assignee", ["bob", "eve"])
async def test_what_is_assigned_to_one_is_taken_over_by_that_one_only(
    call: Call, clock: SettableClock, board: dict[str, Any], assignee: str
) -> None:
    await call("create_task", title="x", assignee=assignee)
    await call("claim_next", actor="joe", task_id=1)
    clock.advance(minutes=31)
    assert "task" not in await call("claim_next", actor="ann")
    assert (await call("claim_next", actor=assignee))["task"]["claimed_by"] == assignee
