"""A board goes out and comes back: to the byte, once, with new ids where its own are taken."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Call, Refused, SettableClock
from tests.exchange.conftest import another


async def test_a_board_comes_back_to_the_byte(
    call: Call, worked_on: dict[str, Any], tmp_path: Path, clock: SettableClock
) -> None:
    await call("export_board", file="a.jsonl")
    with another(tmp_path, clock) as (_, there):
        done = await there("import_board", file="a.jsonl")
        assert {name: done[name] for name in ("tasks", "notes", "tags", "links")} == {
            "tasks": 4,
            "notes": 1,
            "tags": 2,
            "links": 2,
        }
        await there("export_board", file="b.jsonl")
        assert (tmp_path / "files/b.jsonl").read_bytes() == (tmp_path / "files/a.jsonl").read_bytes()
        assert (await there("get_health", check=True)).get("problems", []) == []
        for task_id in (1, 2, 3):
            assert await there("get_task", task_id=task_id) == await call("get_task", task_id=task_id)
        assert await there("get_board_stats") == await call("get_board_stats")


async def test_the_same_file_again_changes_nothing(
    call: Call, worked_on: dict[str, Any], tmp_path: Path, clock: SettableClock
) -> None:
    await call("export_board", file="a.jsonl")
    last = (await call("list_changes", since=0, limit=1))["next"]
    here = await call("import_board", file="a.jsonl")
    assert (here["unchanged"], here["board_id"]) == (True, worked_on["id"])
    with another(tmp_path, clock) as (_, there):
        made = await there("import_board", file="a.jsonl")
        await there("create_task", title="worked on since", board=made["board_id"])
        before = (await there("list_changes", limit=100))["rows"]
        again = await there("import_board", file="a.jsonl")
        assert (again["unchanged"], again["board_id"]) == (True, made["board_id"])
        assert (await there("list_changes", limit=100))["rows"] == before
    assert last


async def test_ids_that_are_taken_become_new_ones_in_everything_that_names_them(
    call: Call, worked_on: dict[str, Any]
) -> None:
    await call("export_board", file="a.jsonl")
    copied = await call("import_board", file="a.jsonl", name="Beta")
    assert (copied["renumbered"], copied["board_id"]) == (True, 2)
    rows = (await call("list_tasks", board="Beta", limit=100))["rows"]
    ids = {row[1]: row[0] for row in rows}
    assert min(ids.values()) > 5
    two = await call("get_task", task_id=ids["two"])
    assert [blocker["id"] for blocker in two["blockers"]] == [ids["one"]]
    assert [subtask["id"] for subtask in two["subtasks"]] == [ids["three"]]
    assert (await call("get_task", task_id=1))["board_id"] == 1
    made = await call("create_task", title="next", board="Beta")
    # One more than the deleted task of the file got: its history must not become the new task's.
    assert made["id"] == max(ids.values()) + 3
    assert (await call("get_health", check=True)).get("problems", []) == []
    assert (await call("search", query="quoted", board="Beta"))["rows"][0][1] == ids["one"]


async def test_an_import_is_one_piece_of_news_and_undone_by_archiving(
    call: Call, worked_on: dict[str, Any], tmp_path: Path, clock: SettableClock
) -> None:
    await call("export_board", file="a.jsonl")
    with another(tmp_path, clock) as (_, there):
        await there("import_board", file="a.jsonl")
        news = (await there("list_changes"))["rows"]
        assert [(row[2], row[3], row[4], row[8]) for row in news] == [("bob", "imported", "board", None)]
        await there("undo", seq=news[0][0])
        assert (await there("list_boards", archived=True))["rows"][0][5] is True


async def test_a_stale_version_is_told_from_the_history_that_came_with_the_board(
    call: Call, worked_on: dict[str, Any], tmp_path: Path, clock: SettableClock
) -> None:
    task = await call("update_task", task_id=2, title="two, again")
    await call("export_board", file="a.jsonl")
    with another(tmp_path, clock) as (app, there):
        await there("import_board", file="a.jsonl")
        await there("update_task", task_id=2, priority=1, version=task["version"] - 1)
        with pytest.raises(Exception, match="title changed"):
            await app.runner.call(
                "update_task", {"task_id": 2, "title": "x", "version": task["version"] - 1}, actor="bob"
            )


async def test_a_dry_run_tells_the_difference_and_writes_nothing(
    call: Call, worked_on: dict[str, Any], refused: Refused, tmp_path: Path, clock: SettableClock
) -> None:
    await call("export_board", file="a.jsonl")
    with another(tmp_path, clock) as (_, there):
        new = await there("import_board", file="a.jsonl", dry_run=True)
        assert new["difference"] == ["+ board 'Alpha' with 4 tasks, 1 notes, 2 tags, 2 links"]
        assert (await there("list_boards"))["rows"] == []
    await call("move_task", task_id=3, status="review")
    await call("create_task", title="six")
    shown = await call("import_board", file="a.jsonl", dry_run=True)
    assert shown["difference"] == ["~ three (review) -> (in_progress)", "- six (backlog)"]
    error = await refused("import_board", file="a.jsonl")
    assert (error.code, error.current) == ("conflict", {"board_id": 1, "difference": shown["difference"]})


async def test_cached_answers_show_what_was_imported(call: Call, worked_on: dict[str, Any]) -> None:
    await call("export_board", file="a.jsonl")
    await call("create_board", name="Beta")
    assert len((await call("list_boards"))["rows"]) == 2
    assert (await call("get_board", board=1))["name"] == "Alpha"
    await call("import_board", file="a.jsonl", name="Gamma")
    assert (await call("get_board", board="Gamma"))["id"] == 3


async def test_a_small_board_is_answered_and_taken_without_files(
    call: Call, worked_on: dict[str, Any], refused: Refused
) -> None:
    exported = await call("export_board")
    assert exported["content"].splitlines()[0] == '{"type":"header","format":"kanban-mcp board","version":1}'
    assert (await call("import_board", content=exported["content"], name="Beta"))["tasks"] == 4
    await call("create_tasks", board=1, tasks=[{"title": "long", "description": "x" * 9000}] * 2)
    assert "larger than the 16000 bytes" in (await refused("export_board", board=1)).message


async def test_a_table_for_people_holds_no_formulas(call: Call, board: dict[str, Any], tmp_path: Path) -> None:
    for title in ("=1+1", "@SUM(A1)", "+1", "-1", "  =cmd", "harmless"):
        await call("create_task", title=title, description="=HYPERLINK(1)\nsecond")
    await call("export_board", format="csv", file="a.csv")
    with (tmp_path / "files/a.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["title"] for row in rows] == ["'=1+1", "'@SUM(A1)", "'+1", "'-1", "'=cmd", "harmless"]
    assert {row["description"] for row in rows} == {"'=HYPERLINK(1)\nsecond"}


async def test_a_page_for_people_shows_columns_and_tasks(call: Call, worked_on: dict[str, Any], tmp_path: Path) -> None:
    await call("create_task", title="<b>*bold*</b> [x](y)", assignee="eve")
    page = (await call("export_board", format="markdown"))["content"]
    assert "## In progress" in page
    assert "- [x] **1** one (priority 9; tags: docs)" in page
    assert r"\<b\>\*bold\*\</b\> \[x\](y) (priority 5; assigned to eve)" in page


async def test_what_an_answer_would_not_show_as_it_is_goes_into_a_file_alone(
    call: Call, refused: Refused, worked_on: dict[str, Any], tmp_path: Path, clock: SettableClock
) -> None:
    await call("update_task", task_id=2, title="two\u202eowt")
    error = await refused("export_board")
    assert (error.code, "file=" in error.hint) == ("invalid", True)
    await call("export_board", file="a.jsonl")
    with another(tmp_path, clock) as (app, there):
        await there("import_board", file="a.jsonl")
        with app.database.reading():
            assert app.database.value("test", "select title from tasks where id = 2") == "two\u202eowt"
