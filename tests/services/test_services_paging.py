"""Lists page by page: each thing once, in order, whatever the filter, the limit and the size of the rows."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.page import PAGE_BYTES
from tests.conftest import Call, SettableClock

COLUMNS = ("backlog", "todo", "in_progress", "review", "done")
TAGS = {"wide": {"wide", "narrow", "tiny"}, "narrow": {"narrow", "tiny"}, "tiny": {"tiny"}, "else": {"else"}}
"""Each tag with those below it."""


async def pages(call: Call, operation: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
    """All pages of a list."""
    page = await call(operation, **arguments)
    yield page
    seen = set()
    while "next" in page:
        assert page["next"] not in seen, "the list runs in a circle"
        seen.add(page["next"])
        page = await call(operation, **arguments, cursor=page["next"])
        yield page


async def walked(call: Call, operation: str, **arguments: Any) -> list[Any]:
    """The first values of all rows of a list."""
    return [row[0] async for page in pages(call, operation, **arguments) for row in page["rows"]]


TASKS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(COLUMNS),
        "assignee": st.none() | st.sampled_from(["ann", "bob"]),
        "tags": st.sets(st.sampled_from(sorted(TAGS))).map(sorted),
        "parent": st.booleans(),
    }
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(COLUMNS),
        "assignee": st.sampled_from(["ann", "bob", "nobody"]),
        "tag": st.sampled_from(sorted(TAGS)),
        "parent": st.just(True),
    },
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TASKS, min_size=1, max_size=25), st.lists(FILTERS, min_size=8, max_size=8), st.integers(1, 8))
async def test_the_pages_of_any_filter_hold_what_it_means_in_the_order_of_the_board(
    app: App, tasks: list[dict[str, Any]], filters: list[dict[str, Any]], limit: int
) -> None:
    async def call(operation: str, /, actor: str = "ann", **arguments: Any) -> dict[str, Any]:
        return await app.runner.call(operation, arguments, actor=actor)

    board = (await call("create_board", name=uuid4().hex))["id"]
    for tag, parent in (("wide", None), ("narrow", "wide"), ("tiny", "narrow"), ("else", None)):
        if tag not in [row[1] for row in (await call("list_tags"))["rows"]]:
            await call("create_tag", tag=tag, parent=parent)
    top = (await call("create_task", title="top", board=board))["id"]
    specs: list[dict[str, Any]] = [{**task, "title": "x", "parent_id": top} for task in tasks]
    for spec in specs:
        if not spec.pop("parent"):
            del spec["parent_id"]
    made = await call("create_tasks", tasks=specs, board=board)
    ids = [row[0] for row in made["rows"]]
    in_order = sorted(zip(ids, specs, strict=True), key=lambda task: COLUMNS.index(task[1]["status"]))
    for wanted in filters:
        given_ = {**wanted, **({"parent_id": top} if wanted.get("parent") else {})}
        given_.pop("parent", None)
        expected = [task_id for task_id, spec in in_order if _matches(spec, wanted)]
        found = await walked(call, "list_tasks", board=board, limit=limit, **given_)
        assert [task_id for task_id in found if task_id != top] == expected
        assert (top in found) == (not given_.keys() - {"status"} and wanted.get("status", "backlog") == "backlog")


def _matches(task: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return (
        wanted.get("status", task["status"]) == task["status"]
        and wanted.get("assignee", task["assignee"]) == task["assignee"]
        and ("tag" not in wanted or bool(TAGS[wanted["tag"]] & set(task["tags"])))
        and ("parent" not in wanted or "parent_id" in task)
    )


async def test_a_walk_sees_every_task_that_stays_once_though_others_come_go_and_move(
    call: Call, board: dict[str, Any]
) -> None:
    await call("create_tasks", tasks=[{"title": f"{number}"} for number in range(1, 41)])
    found: list[int] = []
    mover = 40
    async for page in pages(call, "list_tasks", limit=5):
        found += [row[0] for row in page["rows"]]
        await call("move_task", task_id=mover, before=1)
        await call("delete_task", task_id=found[-1], confirm=True)
        await call("create_task", title="new", status="todo")
        mover -= 1
    stayed = set(range(1, mover + 1))
    assert [task_id for task_id in found if task_id in stayed] == sorted(stayed)
    assert len(found) == len(set(found))


LONG = "\N{SNOWMAN}" * 190


async def test_a_list_of_long_titles_is_cut_says_so_and_loses_nothing(call: Call, board: dict[str, Any]) -> None:
    for status in ("backlog", "done"):
        await call("create_tasks", tasks=[{"title": LONG, "status": status}] * 60)
    found = []
    async for page in pages(call, "list_tasks", limit=100):
        assert ("truncated" in page) == ("next" in page)
        assert sum(len(str(row).encode()) for row in page["rows"]) < PAGE_BYTES
        found += [row[0] for row in page["rows"]]
    assert found == list(range(1, 121))


async def test_a_board_too_long_to_show_goes_on_in_the_list(call: Call, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": LONG}] * 40)
    shown = (await call("get_board", limit=100))["tasks"]
    assert (shown["truncated"], shown["total"]) == (True, 40)
    rest = [row[0] async for page in pages_from(call, shown["next"]) for row in page["rows"]]
    assert [row[0] for row in shown["rows"]] + rest == list(range(1, 41))


async def pages_from(call: Call, cursor: str) -> AsyncIterator[dict[str, Any]]:
    """The pages of tasks after a cursor."""
    following: str | None = cursor
    while following is not None:
        page = await call("list_tasks", limit=100, cursor=following)
        yield page
        following = page.get("next")


async def test_many_tasks_made_at_once_are_all_told_however_long(call: Call, board: dict[str, Any]) -> None:
    made = await call("create_tasks", tasks=[{"title": LONG}] * 100)
    assert [row[0] for row in made["rows"]] == list(range(1, 101))
    assert "truncated" not in made


async def changes(call: Call, **arguments: Any) -> list[list[Any]]:
    """The whole log, by pages."""
    rows: list[list[Any]] = []
    page: dict[str, Any] = {"next": "0", "rows": [None]}
    while page["rows"]:
        page = await call("list_changes", since=page["next"], **arguments)
        rows += page["rows"]
    return rows


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_the_log_comes_without_gap_by_pages_of_any_size(call: Call, board: dict[str, Any], limit: int) -> None:
    for number in range(1, 16):
        await call("create_task", title=LONG, description="y" * 900 * number)
    assert [row[0] for row in await changes(call, limit=limit)] == list(range(1, 17))


async def test_the_log_of_a_board_or_a_task_is_that_part_of_the_whole(call: Call, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta")
    for number in range(20):
        await call("create_task", title="x", board=1 + number % 2, tags=[f"t{number}"])
        await call("add_note", task_id=number // 2 + 1, content="n")
    whole = await changes(call, limit=100)
    assert await changes(call, limit=3, board="Beta") == [row for row in whole if row[6] == 2]
    assert await changes(call, limit=3, task_id=4) == [row for row in whole if row[7] == 4]


async def test_notes_of_one_category_come_each_once_with_pins_first(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    for number in range(30):
        category = "decision" if number % 3 else "progress"
        await call("add_note", task_id=1, content="n", category=category, pinned=number % 4 == 0)
    expected = sorted((n for n in range(30) if n % 3), key=lambda n: (n % 4 != 0, -n))
    found = await walked(call, "list_notes", task_id=1, category="decision", limit=4)
    assert found == [number + 1 for number in expected]


async def test_tags_come_each_once_by_name(call: Call, board: dict[str, Any]) -> None:
    names = [*(f"{letter}{number}" for letter in "bAc" for number in range(5)), "Ä", "日本", "'; --", "%_"]
    await call("create_task", title="x", tags=names)
    rows = [row async for page in pages(call, "list_tags", limit=4) for row in page["rows"]]
    listed = [row[1] for row in rows]
    assert sorted(listed) == sorted(names)
    assert listed == sorted(names, key=str.lower)


@pytest.mark.parametrize("operation", ["list_tasks", "list_boards", "list_tags"])
async def test_a_page_that_ends_where_the_list_ends_names_no_next(
    call: Call, board: dict[str, Any], operation: str
) -> None:
    await call("create_board", name="Beta")
    await call("create_tasks", tasks=[{"title": "a", "tags": ["a"]}, {"title": "b", "tags": ["b"]}], board=1)
    where: dict[str, Any] = {"board": 1} if operation == "list_tasks" else {}
    page = await call(operation, limit=2, **where)
    assert (len(page["rows"]), "next" in page) == (2, False)


async def test_blocked_tasks_are_those_that_are_open_and_wait(call: Call, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}, {"title": "c"}])
    assert await walked(call, "list_tasks", blocked=True, limit=1) == [2]
    await call("create_task", title="part of c", parent_id=3)
    assert await walked(call, "list_tasks", blocked=True, limit=1) == [2, 3]
    await call("complete_task", task_id=1)
    assert await walked(call, "list_tasks", blocked=True) == [3]
    await call("complete_task", task_id=4)
    await call("complete_task", task_id=3)
    await call("link_tasks", task_id=3, depends_on=2)
    assert await walked(call, "list_tasks", blocked=True) == []


async def test_a_task_becomes_overdue_with_the_time_and_not_by_a_change(
    call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    for due in ("2026-01-02", "2026-01-03", None):
        await call("create_task", title="x", due_at=due)
    assert await walked(call, "list_tasks", overdue=True) == []
    clock.advance(days=1)
    assert await walked(call, "list_tasks", overdue=True) == [1]
    clock.advance(days=1)
    assert await walked(call, "list_tasks", overdue=True, limit=1) == [1, 2]
    await call("complete_task", task_id=1)
    assert await walked(call, "list_tasks", overdue=True) == [2]


async def test_the_log_is_read_from_a_time_on(call: Call, board: dict[str, Any], clock: SettableClock) -> None:
    for _ in range(5):
        clock.advance(hours=1)
        await call("create_task", title="x")
    assert [row[0] for row in (await call("list_changes", since="2026-01-01T15:00:00Z"))["rows"]] == [5, 6]
    assert [row[0] for row in (await call("list_changes", since="2025-12-31"))["rows"]] == [1, 2, 3, 4, 5, 6]
    assert await call("list_changes", since="2026-01-02", board=1) == {
        "columns": ["seq", "at", "actor", "action", "entity", "entity_id", "board_id", "task_id", "before", "after"],
        "rows": [],
        "next": "6",
    }
    assert [row[0] for row in (await call("list_changes", since="5"))["rows"]] == [6]


async def test_a_time_before_what_is_kept_of_the_log_says_that_some_is_gone(
    app: App, call: Call, board: dict[str, Any], clock: SettableClock
) -> None:
    clock.advance(days=10)
    await call("create_task", title="x")
    app.writer.submit(lambda: app.services.history.trim(5), caller=Caller("test")).result(30)
    assert (await call("list_changes", since="2026-01-01"))["trimmed"] is True
    assert "trimmed" not in await call("list_changes", since="2026-01-11T13:00:00Z")


async def test_entries_of_the_log_tell_a_time_once(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    page = await call("list_changes", task_id=1)
    ((_, at, *_, after),) = page["rows"]
    assert after["title"] == "x"
    assert at not in after.values()
