"""Taking changes back."""

from typing import Any

import pytest

from tests.conftest import Call, Refused


async def last_seq(call: Call) -> int:
    """The seq of the newest change."""
    page = await call("list_changes", limit=100)
    while len(page["rows"]) == 100:
        page = await call("list_changes", since=int(page["next"]), limit=100)
    return int(page["next"])


async def actions(call: Call, since: int) -> list[str]:
    """What was done after a seq."""
    page = await call("list_changes", since=since, limit=100)
    return [row[page["columns"].index("action")] for row in page["rows"]]


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """A task with something in every field."""
    return await call(
        "create_task",
        title="Parse",
        description="all of it",
        priority=7,
        assignee="bob",
        tags=["core"],
        acceptance=["works"],
        due_at="2026-02-01",
    )


async def test_an_update_goes_back_to_every_field_it_changed(call: Call, task: dict[str, Any]) -> None:
    before = await call("get_task", task_id=task["id"])
    await call(
        "update_task",
        task_id=task["id"],
        title="Other",
        description="",
        priority=1,
        assignee="",
        tags=["x", "y"],
        acceptance=["[x] a", "b"],
        due_at="",
    )
    await call("undo", seq=await last_seq(call))
    after = await call("get_task", task_id=task["id"])
    assert {**after, "version": 0, "updated_at": ""} == {**before, "version": 0, "updated_at": ""}


async def test_an_undo_can_be_undone(call: Call, task: dict[str, Any]) -> None:
    await call("update_task", task_id=task["id"], title="Other")
    undone = await call("undo", seq=await last_seq(call))
    await call("undo", seq=undone["until"])
    assert (await call("get_task", task_id=task["id"]))["title"] == "Other"


async def test_a_move_goes_back_to_its_place(call: Call, task: dict[str, Any]) -> None:
    other = await call("create_task", title="Second")
    await call("move_task", task_id=task["id"], status="done")
    await call("undo", seq=await last_seq(call))
    rows = (await call("list_tasks"))["rows"]
    assert [row[0] for row in rows] == [task["id"], other["id"]]
    assert "completed_at" not in await call("get_task", task_id=task["id"])


async def test_a_completion_taken_back_blocks_again_what_it_freed(call: Call, task: dict[str, Any]) -> None:
    waiting = await call("create_task", title="Later", depends_on=[task["id"]])
    since = await last_seq(call)
    await call("complete_task", task_id=task["id"])
    await call("undo", since=since)
    assert (await call("get_task", task_id=waiting["id"]))["blocked_by"] == 1
    assert (await actions(call, since))[-2:] == ["undone", "blocked"]


async def test_changes_are_taken_back_one_by_one_newest_first(
    call: Call, refused: Refused, task: dict[str, Any]
) -> None:
    made = await last_seq(call)
    await call("update_task", task_id=task["id"], title="Second")
    await call("update_task", task_id=task["id"], title="Third")
    assert f"Undo change {made + 2} first" in (await refused("undo", seq=made + 1)).hint
    await call("undo", seq=made + 2)
    await call("undo", seq=made + 1)
    assert (await call("get_task", task_id=task["id"]))["title"] == task["title"]
    assert (await refused("undo", seq=made + 1)).code == "conflict"
    await call("undo", seq=made)
    assert "archived_at" in await call("get_task", task_id=task["id"])


async def test_a_claim_taken_back_frees_the_task(call: Call, task: dict[str, Any]) -> None:
    lease = (await call("claim_next", actor="bob"))["task"]["lease"]
    await call("undo", actor="bob", seq=await last_seq(call))
    after = await call("get_task", task_id=task["id"])
    assert ("claimed_by" in after, after["status"], after["lease"]) == (False, "backlog", lease)


async def test_a_deleted_task_comes_back_with_all_that_was_on_it(call: Call, task: dict[str, Any]) -> None:
    blocker = await call("create_task", title="Before")
    waiting = await call("create_task", title="After", depends_on=[task["id"]])
    child = await call("create_task", title="Part", parent_id=task["id"])
    await call("link_tasks", task_id=task["id"], depends_on=blocker["id"])
    await call("add_note", task_id=task["id"], content="found it", pinned=True)
    before = await call("get_task", task_id=task["id"])
    await call("delete_task", task_id=task["id"], confirm=True)
    deleted = await last_seq(call)
    while (await actions(call, deleted - 1))[0] != "deleted":
        deleted -= 1
    await call("undo", seq=deleted)
    after = await call("get_task", task_id=task["id"])
    different = {key for key in before if before[key] != after.get(key)}
    assert different <= {"version", "updated_at"}
    assert (await call("get_task", task_id=waiting["id"]))["blocked_by"] == 1
    assert (await call("get_task", task_id=child["id"]))["parent_id"] == task["id"]


async def test_a_creation_is_undone_by_archiving(call: Call, task: dict[str, Any]) -> None:
    since = await last_seq(call)
    made = await call("create_task", title="Mistake")
    await call("undo", since=since)
    assert (await call("list_tasks"))["total"] == 1
    assert "archived_at" in await call("get_task", task_id=made["id"])


async def test_everything_of_one_actor_goes_back_and_nothing_of_others(call: Call, task: dict[str, Any]) -> None:
    since = await last_seq(call)
    await call("update_task", actor="eve", task_id=task["id"], title="Wrong")
    await call("update_task", actor="ann", task_id=task["id"], priority=2)
    await call("add_note", actor="eve", task_id=task["id"], content="noise")
    await call("link_tasks", actor="eve", task_id=task["id"], depends_on=(await call("create_task", title="x"))["id"])
    await call("undo", since=since, actor="eve")
    after = await call("get_task", task_id=task["id"])
    assert (after["title"], after["priority"]) == ("Parse", 2)
    assert not {"notes", "blockers", "blocked_by"} & set(after)


async def test_a_whole_course_of_work_goes_back_though_it_touched_the_same_again_and_again(
    call: Call, task: dict[str, Any]
) -> None:
    start = int((await call("list_changes", limit=100))["next"])
    await call("update_task", task_id=1, title="second")
    await call("update_task", task_id=1, title="third")
    await call("claim_next", task_id=1)
    await call("complete_task", task_id=1, note="done")
    await call("move_task", task_id=1, status="review")
    undone = await call("undo", since=start)
    after = await call("get_task", task_id=1)
    assert {field: after[field] for field in ("title", "status")} == {
        field: task[field] for field in ("title", "status")
    }
    assert "claimed_by" not in after
    await call("undo", since=undone["since"])
    again = await call("get_task", task_id=1)
    assert (again["title"], again["status"]) == ("third", "review")


async def test_what_someone_changed_later_is_not_overwritten(
    call: Call, refused: Refused, task: dict[str, Any]
) -> None:
    await call("update_task", task_id=task["id"], title="Mine")
    mine = await last_seq(call)
    await call("update_task", actor="bob", task_id=task["id"], title="Bob's")
    error = await refused("undo", seq=mine)
    assert error.code == "conflict"
    assert f"Change {mine + 1} (bob: updated)" in error.message
    assert error.current is not None
    assert error.current["seq"] == mine + 1


async def test_a_later_change_of_another_field_is_no_hindrance(call: Call, task: dict[str, Any]) -> None:
    await call("update_task", task_id=task["id"], title="Mine")
    mine = await last_seq(call)
    await call("update_task", actor="bob", task_id=task["id"], priority=1)
    await call("undo", seq=mine)
    after = await call("get_task", task_id=task["id"])
    assert (after["title"], after["priority"]) == ("Parse", 1)


@pytest.mark.parametrize(
    ("operation", "arguments", "check"),
    [
        ("update_note", {"note_id": 1, "content": "else", "pinned": True}, ("content", "first")),
        ("delete_note", {"note_id": 1, "confirm": True}, ("content", "first")),
    ],
)
async def test_changes_of_notes_go_back(
    call: Call, task: dict[str, Any], operation: str, arguments: dict[str, Any], check: tuple[str, str]
) -> None:
    await call("add_note", task_id=task["id"], content="first")
    await call(operation, **arguments)
    await call("undo", seq=await last_seq(call))
    note = (await call("get_task", task_id=task["id"]))["notes"][0]
    assert (note["id"], note[check[0]]) == (1, check[1])


async def test_changes_of_tags_go_back(call: Call, task: dict[str, Any]) -> None:
    await call("update_tag", tag="core", name="kernel", color="#ff0000")
    await call("undo", seq=await last_seq(call))
    await call("delete_tag", tag="core", confirm=True)
    await call("undo", seq=await last_seq(call))
    tags = await call("list_tags")
    assert tags["rows"] == [[1, "core", None, "", 1]]
    assert (await call("get_task", task_id=task["id"]))["tags"] == ["core"]


async def test_a_name_that_another_board_has_taken_does_not_go_back(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    await call("update_board", name="Beta", description="all of it")
    renamed = await last_seq(call)
    other = await call("create_board", name="alpha")
    error = await refused("undo", seq=renamed)
    assert (error.code, error.message) == ("conflict", "There is already a board named 'alpha'.")
    await call("update_board", board=other["id"], name="Gamma")
    await call("undo", seq=renamed)
    assert (await call("get_board", board=board["id"]))["name"] == "Alpha"


async def test_changes_of_boards_go_back_and_a_deletion_does_not(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    columns = [{"status": "todo", "category": "todo"}, {"status": "done", "category": "done"}]
    await call("set_columns", columns=columns)
    await call("undo", seq=await last_seq(call))
    await call("update_board", name="Beta")
    await call("undo", seq=await last_seq(call))
    view = await call("get_board")
    assert (view["name"], len(view["columns"])) == ("Alpha", 5)
    await call("delete_board", board="Alpha", confirm=True)
    assert (await refused("undo", seq=await last_seq(call))).code == "conflict"


@pytest.mark.parametrize(
    "arguments", [{}, {"seq": 1, "since": 0}, {"seq": 999}, {"since": 999}, {"since": 0, "actor": "x"}]
)
async def test_an_undo_of_nothing_is_refused(
    refused: Refused, board: dict[str, Any], arguments: dict[str, Any]
) -> None:
    error = await refused("undo", **arguments)
    assert error.code in ("invalid", "not_found")
    assert error.hint


async def test_undo_works_from_another_process_and_after_a_restart(call: Call, task: dict[str, Any]) -> None:
    """The log is in the file: nothing of undo lives in a process."""
    await call("update_task", task_id=task["id"], title="Other")
    seq = await last_seq(call)
    await call("undo", actor="someone else", seq=seq)
    assert (await call("get_task", task_id=task["id"]))["title"] == "Parse"
