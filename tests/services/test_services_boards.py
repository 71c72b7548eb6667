"""Boards and columns."""

from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings
from tests.conftest import Call, Refused

TWO = [{"status": "todo", "category": "todo"}, {"status": "done", "category": "done"}]


async def test_a_new_board_has_the_five_usual_columns(board: dict[str, Any]) -> None:
    columns = [(column["status"], column["category"]) for column in board["columns"]]
    assert columns == [
        ("backlog", "todo"),
        ("todo", "todo"),
        ("in_progress", "active"),
        ("review", "active"),
        ("done", "done"),
    ]


@pytest.mark.parametrize("reference", [1, "1", "Alpha", "alpha"])
async def test_a_board_is_found_by_id_and_by_name(call: Call, board: dict[str, Any], reference: int | str) -> None:
    await call("create_board", name="Beta")
    assert (await call("get_board", board=reference))["name"] == "Alpha"


async def test_a_name_of_digits_wins_over_an_id(call: Call, board: dict[str, Any]) -> None:
    await call("create_board", name="1")
    assert (await call("get_board", board="1"))["id"] == 2


async def test_without_a_board_one_is_told_to_make_one(refused: Refused) -> None:
    error = await refused("create_task", title="x")
    assert (error.code, "create_board" in error.hint) == ("not_found", True)


async def test_with_several_boards_one_must_be_named(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta")
    error = await refused("list_tasks")
    assert (error.code, "Alpha, Beta" in error.hint) == ("invalid", True)


async def test_a_bound_board_is_meant_when_none_is_named(call: Call, db: Path, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta")
    with open_app(Settings(db=db, board="Beta")) as bound:
        task = await bound.runner.call("create_task", {"title": "x"}, actor="ann")
    assert task["board_id"] == 2


async def test_names_are_unique_whatever_their_case(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    assert (await refused("create_board", name="ALPHA")).code == "conflict"
    await call("create_board", name="Beta")
    assert (await refused("update_board", board="Beta", name="alpha")).code == "conflict"


async def test_a_board_is_renamed_with_its_version_checked(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    renamed = await call("update_board", name="Omega", description="last", version=1)
    assert (renamed["name"], renamed["description"], renamed["version"]) == ("Omega", "last", 2)
    error = await refused("update_board", name="Psi", version=1)
    assert error.code == "stale_version"
    assert error.current is not None
    assert error.current["name"] == "Omega"


@pytest.mark.parametrize(
    "columns",
    [
        [{"status": "todo", "category": "todo"}],
        [{"status": "a", "category": "todo"}, {"status": "b", "category": "active"}],
        [*TWO, {"status": "todo", "category": "active"}],
        [{"status": "To Do", "category": "todo"}, TWO[1]],
        [{"status": "todo", "category": "later"}, TWO[1]],
        [{"status": "todo", "category": "todo", "wip_limit": 0}, TWO[1]],
        [{"status": "todo", "category": "todo", "wip": 3}, TWO[1]],
    ],
)
async def test_columns_that_make_no_board_are_refused(refused: Refused, columns: list[dict[str, Any]]) -> None:
    error = await refused("create_board", name="Odd", columns=columns)
    assert (error.code, bool(error.hint)) == ("invalid", True)


async def test_a_task_begins_at_the_end_of_the_column_that_is_first_now(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="in the column that was first")
    await call("create_tasks", tasks=[{"title": title, "status": "todo"} for title in ("one", "two")])
    columns = [{key: column[key] for key in ("status", "category")} for column in board["columns"]]
    columns.sort(key=lambda column: column["status"] != "todo")
    await call("set_columns", columns=columns)
    made = await call("create_task", title="three", tags=["New", "core"])
    assert (made["status"], made["tags"]) == ("todo", ["core", "New"])
    listed = await call("list_tasks", status="todo")
    assert [row[1] for row in listed["rows"]] == ["one", "two", "three"]


async def test_columns_are_added_reordered_renamed_and_removed(call: Call, board: dict[str, Any]) -> None:
    columns = [
        {"status": "done", "category": "done", "name": "Finished"},
        {"status": "todo", "category": "todo"},
        {"status": "test", "category": "active", "wip_limit": 2},
    ]
    await call("set_columns", columns=columns)
    view = await call("get_board")
    assert [(column["status"], column["name"]) for column in view["columns"]] == [
        ("done", "Finished"),
        ("todo", "Todo"),
        ("test", "Test"),
    ]


@pytest.mark.parametrize("archived", [False, True])
async def test_a_column_with_tasks_is_not_removed(
    call: Call, refused: Refused, board: dict[str, Any], archived: bool
) -> None:
    task = await call("create_task", title="x", status="review")
    await call("archive_task", task_id=task["id"], archived=archived)
    error = await refused("set_columns", columns=TWO)
    assert (error.code, "'review'" in error.message) == ("conflict", True)


async def test_a_column_with_tasks_does_not_become_done(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    await call("create_task", title="x", status="todo")
    columns = [{"status": "backlog", "category": "todo"}, {"status": "todo", "category": "done"}]
    assert (await refused("set_columns", columns=columns)).code == "conflict"


async def test_setting_the_same_columns_again_logs_nothing(call: Call, board: dict[str, Any]) -> None:
    before = await call("list_changes")
    columns = [{key: column[key] for key in ("status", "name", "category")} for column in board["columns"]]
    await call("set_columns", columns=columns)
    assert await call("list_changes") == before


async def test_an_archived_board_is_out_of_sight_and_takes_no_writes(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    task = await call("create_task", title="x")
    await call("archive_board", board="Alpha")
    assert (await call("list_boards"))["rows"] == []
    assert len((await call("list_boards", archived=True))["rows"]) == 1
    assert (await refused("create_task", title="y", board="Alpha")).code == "conflict"
    assert (await refused("update_task", task_id=task["id"], title="y")).code == "conflict"
    await call("archive_board", board="Alpha", archived=False)
    assert (await call("create_task", title="y"))["id"] == 2


async def test_a_deleted_board_takes_all_with_it_after_a_confirmation(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"], "tags": ["t"]}])
    await call("add_note", task_id=1, content="n")
    error = await refused("delete_board", board="Alpha")
    assert (error.code, "confirm=true" in error.hint) == ("invalid", True)
    assert (await call("delete_board", board="Alpha", confirm=True))["tasks"] == 2
    assert (await refused("get_task", task_id=1)).code == "not_found"
    assert "problems" not in await call("get_health", check=True)


async def test_boards_show_their_counts_and_page(call: Call) -> None:
    for number in range(5):
        await call("create_board", name=f"Board {number}")
    await call("create_task", title="a", board=1)
    await call("create_task", title="b", board=1, status="done")
    first = await call("list_boards", limit=3)
    rest = await call("list_boards", limit=3, cursor=first["next"])
    assert first["rows"][0] == [1, "Board 0", "", 1, 1, False]
    assert [row[0] for row in first["rows"] + rest["rows"]] == [1, 2, 3, 4, 5]
    assert "next" not in rest


async def test_statistics_count_what_is_there(call: Call, clock: Any, board: dict[str, Any]) -> None:
    await call("create_task", title="late", due_at="2025-12-31", priority=9)
    await call("create_task", title="blocked", depends_on=[1])
    await call("create_task", title="gone")
    await call("archive_task", task_id=3)
    await call("create_task", title="finished", status="done")
    await call("claim_next")
    clock.advance(hours=1)
    stats = await call("get_board_stats")
    named = {key: stats[key] for key in ("total", "open", "done", "blocked", "claimed", "expired_leases", "overdue")}
    assert named == {
        "total": 3,
        "open": 2,
        "done": 1,
        "blocked": 1,
        "claimed": 1,
        "expired_leases": 1,
        "overdue": 1,
    }
    assert (stats["archived"], stats["high_priority"], stats["completed_last_7_days"]) == (1, 1, 1)
    assert stats["columns"][2]["oldest_days"] == pytest.approx(0.04)


async def test_the_board_shows_who_holds_what_and_for_how_long(call: Call, clock: Any, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    await call("claim_next", actor="bob")
    clock.advance(minutes=10)
    holders = (await call("get_board"))["holders"]
    assert dict(zip(holders["columns"], holders["rows"][0], strict=True)) == {
        "task_id": 1,
        "claimed_by": "bob",
        "lease": 3,
        "held_seconds": 600,
        "expires_in_seconds": 1200,
    }


@pytest.mark.parametrize("status", ["in_progress", "In progress", "IN PROGRESS", "In_Progress"])
async def test_a_column_is_found_by_its_status_and_by_its_name(call: Call, board: dict[str, Any], status: str) -> None:
    assert (await call("create_task", title="first", status=status))["status"] == "in_progress"
    await call("create_tasks", tasks=[{"title": "second", "status": status}, {"title": "third"}])
    assert (await call("move_task", task_id=3, status=status))["status"] == "in_progress"
    assert [row[0] for row in (await call("list_tasks", status=status))["rows"]] == [1, 2, 3]
    for where in ({}, {"board": "Alpha"}):
        assert [row[1] for row in (await call("search", query="third", status=status, **where))["rows"]] == [3]


async def test_finished_tasks_are_listed_by_the_name_of_their_column(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="first", status="Done")
    assert [row[0] for row in (await call("list_tasks", status="Done", finished=True))["rows"]] == [1]


async def test_a_status_comes_before_a_name_and_a_name_of_two_columns_means_none(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    names = {"backlog": "Done", "todo": "Later", "in_progress": "later", "review": "Review", "done": "Finished"}
    columns = [
        {"status": column["status"], "category": column["category"], "name": names[column["status"]]}
        for column in board["columns"]
    ]
    await call("set_columns", columns=columns)
    assert (await call("create_task", title="x", status="Done"))["status"] == "done"
    error = await refused("create_task", title="x", status="Later")
    assert error.message == "The board has no column 'Later'."
    assert error.hint == "Its columns are backlog, todo, in_progress, review, done."
