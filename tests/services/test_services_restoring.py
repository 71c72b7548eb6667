"""Taking back a deletion when the world went on meanwhile: the rules of today hold."""

from typing import Any

import pytest

from tests.conftest import Call, Refused


async def deleted(call: Call, task_id: int) -> int:
    """Delete a task; the seq of its deletion."""
    since = (await call("list_changes", limit=100))["next"]
    await call("delete_task", task_id=task_id, confirm=True)
    rows = (await call("list_changes", since=since, limit=100))["rows"]
    return int(next(row[0] for row in rows if row[3] == "deleted"))


async def blocked(call: Call, task_id: int) -> int:
    """How many things a task waits for."""
    return int((await call("get_task", task_id=task_id)).get("blocked_by", 0))


@pytest.fixture
async def family(call: Call, board: dict[str, Any]) -> None:
    """Task 2 is the child of 1 and the parent of 3; task 4 stands alone."""
    tasks: list[dict[str, Any]] = [
        {"title": "grandparent"},
        {"title": "parent", "parent_id": "$0"},
        {"title": "child", "parent_id": "$1"},
        {"title": "other"},
    ]
    await call("create_tasks", tasks=tasks)


async def test_a_circle_that_the_restored_task_would_close_is_refused(
    call: Call, refused: Refused, family: None
) -> None:
    seq = await deleted(call, 2)
    await call("link_tasks", task_id=3, depends_on=1)
    error = await refused("undo", seq=seq)
    assert (error.code, error.current) == ("would_cycle", {"path": [2, 3, 1, 2]})
    await call("unlink_tasks", task_id=3, depends_on=1)
    await call("undo", seq=seq)
    assert [await blocked(call, number) for number in (1, 2, 3)] == [1, 1, 0]


async def test_a_child_that_found_another_parent_stays_with_it(call: Call, family: None) -> None:
    seq = await deleted(call, 2)
    await call("update_task", task_id=3, parent_id=4)
    await call("undo", seq=seq)
    assert (await call("get_task", task_id=3))["parent_id"] == 4
    assert [await blocked(call, number) for number in (1, 2, 4)] == [1, 0, 1]


async def test_a_task_whose_parent_is_gone_comes_back_without_one(call: Call, family: None) -> None:
    seq = await deleted(call, 2)
    await deleted(call, 1)
    await call("undo", seq=seq)
    assert "parent_id" not in await call("get_task", task_id=2)
    assert "problems" not in await call("get_health", check=True)


async def test_links_to_what_is_gone_are_left_out(call: Call, family: None) -> None:
    await call("link_tasks", task_id=4, depends_on=3)
    await call("link_tasks", task_id=4, depends_on=1)
    seq = await deleted(call, 4)
    await deleted(call, 3)
    await call("undo", seq=seq)
    assert [link["id"] for link in (await call("get_task", task_id=4))["blockers"]] == [1]


async def test_a_link_to_what_was_finished_meanwhile_blocks_no_more(call: Call, family: None) -> None:
    await call("link_tasks", task_id=4, depends_on=3)
    seq = await deleted(call, 4)
    await call("complete_task", task_id=3)
    await call("undo", seq=seq)
    assert await blocked(call, 4) == 0


async def test_a_full_column_takes_no_restored_task(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    columns = [
        {"status": "todo", "category": "todo", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]
    await call("set_columns", columns=columns)
    await call("create_task", title="a")
    seq = await deleted(call, 1)
    await call("create_task", title="b")
    assert (await refused("undo", seq=seq)).code == "wip_limit"
    await call("complete_task", task_id=2)
    await call("undo", seq=seq)
    assert (await call("get_task", task_id=1))["title"] == "a"


async def test_a_column_that_is_gone_takes_no_restored_task(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    await call("create_task", title="a", status="review")
    seq = await deleted(call, 1)
    columns = [{"status": "backlog", "category": "todo"}, {"status": "done", "category": "done"}]
    await call("set_columns", columns=columns)
    error = await refused("undo", seq=seq)
    assert (error.code, "'review'" in error.message) == ("not_found", True)


async def test_an_archived_task_comes_back_to_the_archive(call: Call, family: None) -> None:
    await call("archive_task", task_id=4)
    seq = await deleted(call, 4)
    await call("undo", seq=seq)
    assert [row[0] for row in (await call("list_tasks", archived=True))["rows"]] == [4]
    assert "problems" not in await call("get_health", check=True)


async def test_a_deletion_is_taken_back_once(call: Call, refused: Refused, family: None) -> None:
    seq = await deleted(call, 4)
    await call("undo", seq=seq)
    assert (await refused("undo", seq=seq)).code == "conflict"


async def test_notes_come_back_with_their_ids_and_are_found_again(call: Call, family: None) -> None:
    await call("add_note", task_id=4, content="capacitor", category="decision", pinned=True)
    await call("add_note", task_id=4, content="second")
    seq = await deleted(call, 4)
    assert (await call("search", query="capacitor"))["rows"] == []
    await call("undo", seq=seq)
    notes = (await call("list_notes", task_id=4))["rows"]
    assert [(row[0], row[1], row[3]) for row in notes] == [(1, "decision", "capacitor"), (2, "general", "second")]
    assert (await call("search", query="capacitor"))["rows"][0][1] == 1


async def test_a_restored_task_is_free_and_its_old_lease_is_over(call: Call, refused: Refused, family: None) -> None:
    lease = (await call("claim_next", actor="bob", task_id=4))["task"]["lease"]
    since = (await call("list_changes", limit=100))["next"]
    await call("delete_task", actor="bob", task_id=4, confirm=True)
    await call("undo", seq=int(since) + 1)
    assert "claimed_by" not in await call("get_task", task_id=4)
    assert (await refused("update_task", actor="bob", task_id=4, title="z", lease=lease)).code == "held"
    assert (await call("claim_next", task_id=4))["task"]["lease"] > lease


async def test_a_deletion_that_was_taken_back_is_taken_back_with_all_that_followed(call: Call, family: None) -> None:
    """The way back passes through a task that is there: its restoring was undone by archiving it."""
    await call("link_tasks", task_id=2, depends_on=4)
    await call("add_note", task_id=2, content="kept")
    await call("tag_task", task_id=2, tags=["ours"])
    before = [await call("get_task", task_id=number) for number in (1, 2, 3, 4)]
    since = (await call("list_changes", limit=100))["next"]
    for _ in range(2):
        await call("undo", seq=await deleted(call, 2))
    await call("move_task", task_id=2, status="todo")
    await call("undo", since=int(since))
    after = [await call("get_task", task_id=number) for number in (1, 2, 3, 4)]
    assert [_settled(task) for task in after] == [_settled(task) for task in before]
    assert "problems" not in await call("get_health", check=True)


def _settled(task: dict[str, Any]) -> dict[str, Any]:
    return {
        field: value for field, value in task.items() if field not in ("version", "updated_at", "history", "changes")
    }
