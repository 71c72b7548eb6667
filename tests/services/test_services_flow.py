"""Flow metrics on boards small enough to work the figures out by hand; the working stands beside them.

The clock starts at noon of 1 January 2026, UTC.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.answers import compact
from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.page import PAGE_BYTES
from kanban_mcp.settings import Settings
from kanban_mcp.store import flow
from tests.conftest import Call, Refused, SettableClock


def table(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a page, each with its column names."""
    return [dict(zip(page["columns"], row, strict=True)) for row in page["rows"]]


async def made(call: Call, title: str = "work", **fields: Any) -> int:
    """A new task of the board; its id."""
    return int((await call("create_task", title=title, board="Alpha", **fields))["id"])


async def test_cycle_time_runs_from_the_first_active_column_to_done_and_lead_time_from_creation(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # task     made   started  done    cycle  lead
    # 1        0 h    1 h      3 h     2 h    3 h
    # 2        0 h    3 h      7 h     4 h    7 h
    # 3        0 h    7 h      17 h    10 h   17 h
    # 4        0 h    never    17 h    none   17 h
    first, second, third, fourth = [await made(call) for _ in range(4)]
    for task, wait, work in ((first, 1, 2), (second, 0, 4), (third, 0, 10)):
        clock.advance(hours=wait)
        await call("claim_next", task_id=task)
        clock.advance(hours=work)
        await call("complete_task", task_id=task)
    await call("move_task", task_id=fourth, status="done")

    found = await call("get_flow_metrics", board="Alpha")
    # Nearest rank: of 3 values the 50th percentile is the 2nd (1.5 rounded up), the 85th and 95th the 3rd.
    assert found["cycle_hours"] == {"tasks": 3, "p50": 4, "p85": 10, "p95": 10}
    # Of 3, 7, 17, 17 the 50th is the 2nd.
    assert found["lead_hours"] == {"tasks": 4, "p50": 7, "p85": 17, "p95": 17}
    assert (found["arrived"], found["finished"], found["wip"]) == (4, 4, 0)


async def test_time_in_each_column_adds_up_to_the_time_until_done(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # Backlog 5 h, in progress 2 h, review 1 h, in progress again 4 h: 12 h.
    task = await made(call)
    for status, hours in (("in_progress", 5), ("review", 2), ("in_progress", 1), ("done", 4)):
        clock.advance(hours=hours)
        await call("move_task", task_id=task, status=status)
    clock.advance(days=2)

    found = await call("get_flow_metrics", board="Alpha")
    assert table(found["columns"]) == [
        {"status": "backlog", "tasks": 1, "p50": 5, "p85": 5, "share": 41.7},
        {"status": "in_progress", "tasks": 1, "p50": 6, "p85": 6, "share": 50.0},
        {"status": "review", "tasks": 1, "p50": 1, "p85": 1, "share": 8.3},
    ]
    assert found["lead_hours"]["p50"] == 12


async def test_each_day_tells_what_arrived_what_was_finished_and_what_was_where_at_its_end(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # Thursday 1 Jan: three made, one started.   Friday: it is done, the next one started.   Saturday: nothing.
    first, second, _ = [await made(call, status="todo") for _ in range(3)]
    await call("claim_next", task_id=first)
    clock.advance(days=1)
    await call("complete_task", task_id=first)
    await call("claim_next", task_id=second)
    clock.advance(days=1)

    found = await call("get_flow_metrics", board="Alpha")
    assert found["days"] == {
        "columns": ["day", "arrived", "finished", "wip", "backlog", "todo", "in_progress", "review", "done"],
        "rows": [
            ["2026-01-01", 3, 0, 1, 0, 2, 1, 0, 0],
            ["2026-01-02", 0, 1, 1, 0, 1, 1, 0, 1],
            ["2026-01-03", 0, 0, 1, 0, 1, 1, 0, 1],
        ],
    }
    # All in the week of Monday 29 December.
    assert found["weeks"]["rows"] == [["2025-12-29", 3, 1]]


async def test_the_age_of_work_is_held_against_the_boards_own_percentiles(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # Four finished with cycle times of 1, 2, 3 and 10 h: p50 is the 2nd (2 h), p85 and p95 the 4th (10 h).
    for hours in (1, 2, 3, 10):
        task = await made(call)
        await call("claim_next", task_id=task)
        clock.advance(hours=hours)
        await call("complete_task", task_id=task)
    old = await made(call, "old", status="in_progress")
    clock.advance(hours=8)
    middling = await made(call, "middling", assignee="bob", status="review")
    clock.advance(hours=3)
    await made(call, "fresh", status="in_progress")

    found = await call("get_flow_metrics", board="Alpha", limit=2)
    assert table(found["ageing"]) == [
        {"task_id": old, "title": "old", "status": "in_progress", "actor": "", "age_hours": 11, "over": 95},
        {"task_id": middling, "title": "middling", "status": "review", "actor": "bob", "age_hours": 3, "over": 50},
    ]
    assert found["ageing"]["total"] == found["wip"] == 3


async def test_a_task_moved_out_of_done_is_not_finished_until_it_is_done_again(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # Started 1 Jan 12:00, done 13:00, back at 14:00, done again on 2 Jan 14:00: a cycle time of 26 h, finished once.
    task = await made(call, status="in_progress")
    clock.advance(hours=1)
    await call("complete_task", task_id=task)
    clock.advance(hours=1)
    await call("move_task", task_id=task, status="in_progress")
    reopened = await call("get_flow_metrics", board="Alpha")
    assert (reopened["finished"], reopened["wip"]) == (0, 1)
    clock.advance(days=1)
    await call("complete_task", task_id=task)

    found = await call("get_flow_metrics", board="Alpha")
    assert found["cycle_hours"] == {"tasks": 1, "p50": 26, "p85": 26, "p95": 26}
    assert [day["finished"] for day in table(found["days"])] == [0, 1]


async def test_archived_work_leaves_the_board_when_it_is_archived_and_done_work_stays_done(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    done, dropped = await made(call, status="in_progress"), await made(call, status="in_progress")
    await call("complete_task", task_id=done)
    clock.advance(days=1)
    await call("archive_task", task_id=done)
    await call("archive_task", task_id=dropped)
    clock.advance(days=1)
    await call("archive_task", task_id=dropped, archived=False)

    days = table((await call("get_flow_metrics", board="Alpha"))["days"])
    assert [(day["in_progress"], day["done"], day["finished"]) for day in days] == [(1, 1, 1), (0, 1, 0), (1, 1, 0)]


async def test_a_deleted_task_leaves_the_board_but_not_the_past_and_comes_back_when_that_is_undone(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    done = await made(call, status="in_progress", tags=["api"])
    open_ = await made(call, status="in_progress")
    clock.advance(hours=2)
    await call("complete_task", task_id=done)
    clock.advance(days=1)
    for task in (done, open_):
        await call("delete_task", task_id=task, confirm=True)
    found = await call("get_flow_metrics", board="Alpha")
    assert found["cycle_hours"] == {"tasks": 1, "p50": 2, "p85": 2, "p95": 2}
    assert table(found["tags"]) == [{"tag": "api", "finished": 1, "cycle_p50": 2, "cycle_p85": 2, "wip": 0}]
    assert [(day["in_progress"], day["done"]) for day in table(found["days"])] == [(1, 1), (0, 1)]

    clock.advance(days=1)
    since = (await call("list_changes", limit=100))["rows"][-2][0] - 1
    await call("undo", since=since)
    found = await call("get_flow_metrics", board="Alpha")
    assert [(day["in_progress"], day["done"]) for day in table(found["days"])] == [(1, 1), (0, 1), (1, 1)]
    assert (found["finished"], found["wip"]) == (1, 1)


async def test_a_start_that_was_undone_never_was_and_a_completion_that_was_undone_is_no_completion(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    task = await made(call)
    await call("claim_next", task_id=task)
    await call("undo", seq=(await call("list_changes", limit=100))["rows"][-1][0])
    clock.advance(hours=5)
    await call("claim_next", task_id=task)
    clock.advance(hours=1)
    await call("complete_task", task_id=task)
    assert (await call("get_flow_metrics", board="Alpha"))["cycle_hours"]["p50"] == 1

    await call("undo", seq=(await call("list_changes", limit=100))["rows"][-1][0])
    found = await call("get_flow_metrics", board="Alpha")
    assert (found["finished"], found["wip"]) == (0, 1)


async def test_a_removed_column_keeps_its_place_in_the_past(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    task = await made(call, status="review")
    clock.advance(days=1)
    await call("move_task", task_id=task, status="done")
    columns = [{"status": "todo", "category": "todo"}, {"status": "doing", "category": "active"}]
    renamed = {"status": "done", "category": "done", "name": "Shipped"}
    await call("set_columns", board="Alpha", columns=[*columns, renamed])

    found = await call("get_flow_metrics", board="Alpha")
    assert found["days"]["columns"] == ["day", "arrived", "finished", "wip", "todo", "doing", "done", "review"]
    assert [(day["wip"], day["review"], day["done"]) for day in table(found["days"])] == [(1, 1, 0), (0, 0, 1)]
    assert [(row["status"], row["p50"]) for row in table(found["columns"])] == [("review", 24)]


async def test_time_blocked_is_the_time_an_open_task_waited(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # Waits for the first blocker 0 h to 2 h, is free for 1 h, waits for the second 3 h to 6 h; done at 10 h.
    blocker, other = await made(call), await made(call)
    task = await made(call, depends_on=[blocker])
    clock.advance(hours=2)
    await call("complete_task", task_id=blocker)
    clock.advance(hours=1)
    await call("link_tasks", task_id=task, depends_on=other)
    clock.advance(hours=3)
    await call("unlink_tasks", task_id=task, depends_on=other)
    clock.advance(hours=4)
    await call("complete_task", task_id=task)

    found = await call("get_flow_metrics", board="Alpha")
    assert found["blocked_hours"] == {"tasks": 1, "p50": 5, "p85": 5, "p95": 5}
    # 5 h of the lead times 2 h and 10 h.
    assert found["blocked_share"] == 41.7


async def test_a_task_that_is_put_away_does_not_wait_and_waits_again_when_it_is_brought_back(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    # Waits 0 h to 1 h; away to 3 h, while one blocker of two is done; waits 3 h to 7 h, done at 8 h: 5 h.
    blockers = [await made(call), await made(call)]
    task = await made(call, depends_on=blockers)
    clock.advance(hours=1)
    await call("archive_task", task_id=task)
    clock.advance(hours=1)
    await call("complete_task", task_id=blockers[0])
    clock.advance(hours=1)
    await call("archive_task", task_id=task, archived=False)
    clock.advance(hours=4)
    await call("complete_task", task_id=blockers[1])
    clock.advance(hours=1)
    await call("complete_task", task_id=task)
    assert (await call("get_flow_metrics", board="Alpha"))["blocked_hours"]["p50"] == 5


async def test_a_task_whose_blocker_ended_while_it_was_away_is_free_when_it_is_brought_back(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    blocker = await made(call)
    task = await made(call, depends_on=[blocker])
    clock.advance(hours=1)
    await call("archive_task", task_id=task)
    await call("complete_task", task_id=blocker)
    await call("archive_task", task_id=task, archived=False)
    clock.advance(hours=9)
    await call("complete_task", task_id=task)
    assert (await call("get_flow_metrics", board="Alpha"))["blocked_hours"]["p50"] == 1


async def test_finished_work_is_told_by_who_held_it_and_by_tag(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    first, second = await made(call, tags=["api"]), await made(call, tags=["api", "docs"])
    for actor, task, hours in (("ann", first, 1), ("bob", second, 3)):
        await call("claim_next", task_id=task, actor=actor)
        clock.advance(hours=hours)
        await call("complete_task", task_id=task, actor=actor)
    await call("claim_next", task_id=await made(call, tags=["docs"]), actor="bob")

    found = await call("get_flow_metrics", board="Alpha")
    assert found["actors"]["rows"] == [["bob", 1, 3, 3, 1], ["ann", 1, 1, 1, 0]]
    assert found["tags"]["rows"] == [["api", 2, 1, 3, 0], ["docs", 1, 3, 3, 1]]
    of_bob = await call("get_flow_metrics", board="Alpha", tag="docs")
    assert (of_bob["finished"], of_bob["arrived"], of_bob["wip"]) == (1, 2, 1)


async def test_who_sorts_finished_work_did_not_finish_it(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    categories = {"todo": "todo", "doing": "active", "done": "done", "shipped": "done"}
    columns = [{"status": status, "category": category} for status, category in categories.items()]
    await call("set_columns", board="Alpha", columns=columns)
    task = await made(call, status="doing")
    await call("complete_task", task_id=task, actor="ann")
    clock.advance(days=1)
    await call("move_task", task_id=task, status="shipped", actor="bob")
    found = await call("get_flow_metrics", board="Alpha")
    assert found["actors"]["rows"] == [["ann", 1, 0, 0, 0]]
    assert [(day["finished"], day["done"], day["shipped"]) for day in table(found["days"])] == [(1, 1, 0), (0, 0, 1)]


async def test_figures_are_narrowed_to_a_period_and_to_who_finished(
    app: App, call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    for actor in ("ann", "bob", "ann"):
        task = await made(call)
        await call("claim_next", task_id=task, actor=actor)
        clock.advance(hours=1)
        await call("complete_task", task_id=task, actor=actor)
        clock.advance(days=9, hours=23)
    # Finished on 1, 11 and 21 January, each at 13:00; now it is 31 January, noon.
    found = await call("get_flow_metrics", board="Alpha", since="2026-01-05", until="2026-01-12")
    assert (found["finished"], found["actors"]["rows"]) == (1, [["bob", 1, 1, 1, 0]])
    assert (found["days"]["rows"][0][0], found["days"]["rows"][-1][0]) == ("2026-01-05", "2026-01-12")

    arguments = {"board": "Alpha", "actor": "ann"}
    of_ann = await app.runner.call("get_flow_metrics", arguments, actor="ann")
    assert (of_ann["finished"], of_ann["actors"]["rows"]) == (2, [["ann", 2, 1, 1, 0]])


async def test_a_trimmed_log_is_said_and_nothing_before_it_is_made_up(
    app: App, call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    early, late = await made(call, status="in_progress"), await made(call)
    clock.advance(hours=4)
    await call("complete_task", task_id=early)
    clock.advance(days=10)
    await call("move_task", task_id=late, status="in_progress")
    app.writer.submit(lambda: app.services.history.trim(1), caller=Caller("kanban-mcp")).result()
    clock.advance(days=1)
    await call("complete_task", task_id=late)

    found = await call("get_flow_metrics", board="Alpha")
    assert found["trimmed"] is True
    assert found["since"] == found["log_since"] == "2026-01-11T16:00:00.000000Z"
    # The late one's cycle time is on record; what it did before the log begins, and so in columns, is not.
    assert (found["finished"], found["cycle_hours"]["p50"]) == (1, 24)
    assert found["columns"]["rows"] == []
    assert [(day["in_progress"], day["done"]) for day in table(found["days"])] == [(1, 1), (0, 2)]


async def test_an_untouched_log_is_not_called_trimmed(call: Call, board: dict[str, Any]) -> None:
    assert "trimmed" not in await call("get_flow_metrics", board="Alpha")


async def test_a_clock_that_steps_makes_no_time_negative(
    call: Call, board: dict[str, Any], clock: SettableClock, db: Path
) -> None:
    # A second server over the file, whose clock is five hours behind.
    task = await made(call, status="in_progress", depends_on=[await made(call)])
    clock.advance(hours=-5)
    with open_app(Settings(db=db, toolsets=("all",)), clock=clock) as behind:
        await behind.runner.call("move_task", {"task_id": task, "status": "review"}, actor="bob")
        await behind.runner.call("complete_task", {"task_id": task - 1}, actor="bob")
        await behind.runner.call("complete_task", {"task_id": task}, actor="bob")
    clock.advance(hours=6)

    found = await call("get_flow_metrics", board="Alpha", since="2025-12-01")
    figures = [value for name in ("cycle_hours", "lead_hours") for value in found[name].values()]
    figures += [value for row in found["columns"]["rows"] for value in row[1:]]
    assert min(figures) == 0
    assert found["finished"] == 2


async def test_an_empty_board_has_no_percentiles(call: Call, board: dict[str, Any]) -> None:
    found = await call("get_flow_metrics", board="Alpha")
    assert (found["finished"], found["arrived"], found["wip"]) == (0, 0, 0)
    assert "cycle_hours" not in found and "ageing" not in found


async def test_a_period_that_ends_before_it_begins_is_refused(refused: Refused, board: dict[str, Any]) -> None:
    error = await refused("get_flow_metrics", board="Alpha", since="2026-01-01", until="2025-01-01")
    assert error.code == "invalid"
    assert "2025-01-01" in error.message


async def test_the_log_is_read_back_no_further_than_it_matters(
    app: App, call: Call, board: dict[str, Any], clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "CHUNK", 5)
    for number in range(40):
        task = await made(call, status="todo")
        if number % 3:
            await call("claim_next", task_id=task)
        clock.advance(days=1)
        if number % 3 == 1:
            await call("complete_task", task_id=task)
    read: Counter[str] = Counter()
    app.database.on_query = lambda name, *_: read.update([name])
    whole = await call("get_flow_metrics", board="Alpha", since="2025-01-01")
    parts = read.pop("flow.turns")
    late = await call("get_flow_metrics", board="Alpha", since="2026-02-05")
    assert read["flow.turns"] < parts / 2
    assert table(late["days"]) == table(whole["days"])[-len(late["days"]["rows"]) :]
    assert late["columns"]["rows"] == [["todo", 2, 0, 0, 0], ["in_progress", 2, 24, 24, 100]]


async def test_the_answer_of_a_large_board_fits_on_a_page(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    long_names = [{"status": f"column_with_a_long_name_{number}", "category": "active"} for number in range(28)]
    ends = [{"status": "todo", "category": "todo"}, {"status": "done", "category": "done"}]
    await call("set_columns", board="Alpha", columns=[ends[0], *long_names, ends[1]])
    for number in range(100):
        await made(call, "☂" * 200, status=long_names[number % 28]["status"], tags=[f"{number} {'☂' * 40}"])
    clock.advance(days=2000)
    found = await call("get_flow_metrics", board="Alpha", since="2020-01-01", limit=100)
    assert len(compact(found).encode()) <= PAGE_BYTES
    assert found["days"]["rows"][-1][0] == "2031-06-24"
    assert found["step_days"] > 1
    assert found["ageing"]["truncated"] and found["tags"]["truncated"]
    assert found["ageing"]["total"] == 100
