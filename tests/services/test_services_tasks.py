"""Making, changing, moving, listing and putting away tasks."""

from typing import Any

import pytest

from kanban_mcp.app import App
from kanban_mcp.models.page import PAGE_BYTES
from kanban_mcp.store.changes import ChangeStore
from kanban_mcp.store.tasks import TaskStore
from tests.conftest import Call, Refused, SettableClock


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """One task."""
    return await call("create_task", title="Parse", tags=["core"], assignee="bob")


async def listed(call: Call, **arguments: Any) -> list[int]:
    """The ids of all pages of a list."""
    found: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await call("list_tasks", limit=2, **arguments, **cursor)
        found += [row[0] for row in page["rows"]]
        if "next" not in page:
            return found
        cursor = {"cursor": page["next"]}


async def test_a_task_keeps_what_it_was_given(call: Call, board: dict[str, Any]) -> None:
    made = await call(
        "create_task",
        title="  Parse  ",
        description="all",
        status="review",
        priority=0,
        assignee="bob",
        tags=["b", "A", "a"],
        acceptance=["plain", "[x] done", {"text": "object", "done": True}],
        due_at="2026-05-01T10:00:00+02:00",
    )
    brief = await call("get_task", task_id=made["id"])
    assert (brief["title"], brief["priority"], brief["tags"]) == ("Parse", 0, ["A", "b"])
    assert brief["acceptance"] == ["[ ] plain", "[x] done", "[x] object"]
    assert brief["due_at"] == "2026-05-01T08:00:00.000000Z"
    assert brief["started_at"] == brief["created_at"]
    assert brief["created_by"] == "ann"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"status": "in_progress", "priority": 0, "assignee": "bob", "acceptance": ["one"], "due_at": "2026-05-01"},
        {"status": "done", "description": "all"},
        {"depends_on": [1, 2, 3]},
        {"depends_on": [3], "tags": ["b", "a"]},
    ],
    ids=["title alone", "most fields", "done", "waiting", "tagged"],
)
async def test_a_task_is_answered_and_logged_as_it_is_stored(
    call: Call, app: App, board: dict[str, Any], given: dict[str, Any]
) -> None:
    await call("create_tasks", tasks=[{"title": "open"}, {"title": "open"}, {"title": "done", "status": "done"}])
    made = await call("create_task", title="Parse", **given)
    with app.database.reading():
        stored = TaskStore(app.database).get(made["id"])
        entry = ChangeStore(app.database).of_task(made["id"], 0, 10)[0]
    assert stored is not None
    tags = {"tags": ["a", "b"]} if "tags" in given else {}
    needs = {"depends_on": given["depends_on"]} if "depends_on" in given else {}
    assert made == {**stored.lean(), **tags}
    made.pop("blocked_by", None)
    assert entry.after == {**made, **needs, "position": stored.position}


async def test_tags_that_a_call_gives_are_in_its_answer(call: Call, board: dict[str, Any]) -> None:
    assert (await call("create_task", title="first", tags=["Core", "api"]))["tags"] == ["api", "Core"]
    assert (await call("create_task", title="second", tags=["core"]))["tags"] == ["Core"]
    assert (await call("update_task", task_id=2, tags=["API", "new"]))["tags"] == ["api", "new"]
    assert (await call("update_task", task_id=2, tags=["API", "new"]))["tags"] == ["api", "new"]
    assert "tags" not in await call("update_task", task_id=2, title="renamed")
    assert "tags" not in await call("update_task", task_id=2, tags=[])


async def test_tags_are_logged_by_the_names_that_a_task_shows(call: Call, app: App, board: dict[str, Any]) -> None:
    await call("create_task", title="first", tags=["Émile", "b", "A"])
    made = await call("create_task", title="second", tags=["a", "B", "émile", "Émile", "c"])
    with app.database.reading():
        logged = ChangeStore(app.database).of_task(made["id"], 0, 10)[0].after
    assert logged is not None
    assert logged["tags"] == (await call("get_task", task_id=made["id"]))["tags"]


async def test_many_tasks_refer_to_each_other_and_come_back_in_order(call: Call, board: dict[str, Any]) -> None:
    tasks = [{"title": f"{number}", "depends_on": [f"${number - 1}"] if number else []} for number in range(100)]
    page = await call("create_tasks", tasks=tasks)
    assert [row[1] for row in page["rows"]] == [str(number) for number in range(100)]
    assert page["rows"][99][page["columns"].index("blocked_by")] == 1


@pytest.mark.parametrize(
    ("tasks", "code", "words"),
    [
        ([{"title": "a"}, {"title": "b", "depends_on": ["$1"]}], "invalid", "tasks[1]"),
        ([{"title": "a"}, {"title": "b", "status": "nowhere"}], "not_found", "tasks[1]"),
        ([{"title": "a"}, {"title": ""}], "invalid", "tasks[1].title"),
        ([{"title": "a", "priority": 11}], "invalid", "tasks[0].priority"),
        ([{"title": "a", "depends_on": [77]}], "not_found", "tasks[0]"),
        ([], "invalid", "tasks"),
    ],
)
async def test_when_one_of_many_is_wrong_none_is_made(
    call: Call, refused: Refused, board: dict[str, Any], tasks: list[dict[str, Any]], code: str, words: str
) -> None:
    error = await refused("create_tasks", tasks=tasks)
    assert (error.code, words in error.message) == (code, True)
    assert (await call("list_tasks"))["total"] == 0


async def test_only_the_named_fields_change(call: Call, task: dict[str, Any]) -> None:
    before = await call("get_task", task_id=1)
    await call("update_task", task_id=1, priority=8)
    after = await call("get_task", task_id=1)
    assert {key for key in after if after[key] != before[key]} == {"priority", "version", "updated_at"} - (
        {"updated_at"} if after["updated_at"] == before["updated_at"] else set()
    )


async def test_empty_values_clear(call: Call, task: dict[str, Any]) -> None:
    await call("update_task", task_id=1, due_at="2026-05-01")
    cleared = await call("update_task", task_id=1, assignee="", due_at="", description="", tags=[], acceptance=[])
    assert not {"assignee", "due_at", "description", "acceptance"} & set(cleared)
    assert "tags" not in await call("get_task", task_id=1)


async def test_changes_of_different_fields_both_succeed(call: Call, task: dict[str, Any]) -> None:
    await call("update_task", actor="bob", task_id=1, title="Bob's", version=1)
    after = await call("update_task", actor="eve", task_id=1, priority=9, version=1)
    assert (after["title"], after["priority"], after["version"]) == ("Bob's", 9, 3)


async def test_a_change_of_the_same_field_is_refused_with_the_current_row(
    call: Call, refused: Refused, task: dict[str, Any]
) -> None:
    await call("update_task", actor="bob", task_id=1, title="Bob's")
    error = await refused("update_task", actor="eve", task_id=1, title="Eve's", version=1)
    assert (error.code, "title changed since version 1" in error.message) == ("stale_version", True)
    assert error.current is not None
    assert (error.current["title"], error.current["version"]) == ("Bob's", 2)
    assert (await refused("move_task", task_id=1, status="todo", version=9)).code == "stale_version"


async def test_moves_conflict_with_moves_and_not_with_edits(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    await call("update_task", task_id=1, title="edited")
    await call("move_task", task_id=1, status="todo", version=1)
    assert (await refused("move_task", task_id=1, status="review", version=1)).code == "stale_version"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("update_task", {"task_id": 1, "title": "Parse", "priority": 5, "tags": ["core"], "assignee": "bob"}),
        ("move_task", {"task_id": 1, "status": "backlog"}),
        ("archive_task", {"task_id": 1, "archived": False}),
        ("tag_task", {"task_id": 1, "tags": ["CORE"]}),
        ("update_board", {"name": "Alpha"}),
    ],
)
async def test_a_write_that_changes_nothing_logs_nothing(
    call: Call, task: dict[str, Any], operation: str, arguments: dict[str, Any]
) -> None:
    before = await call("list_changes")
    await call(operation, **arguments)
    assert await call("list_changes") == before


async def test_tasks_move_before_and_after_others(call: Call, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": f"{number}"} for number in range(1, 6)])
    await call("move_task", task_id=5, before=1)
    await call("move_task", task_id=1, after=3)
    await call("move_task", task_id=2, status="todo")
    await call("move_task", task_id=4, after=2)
    assert await listed(call) == [5, 3, 1, 2, 4]
    assert await listed(call, status="todo") == [2, 4]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"before": 2, "after": 3}, "invalid"),
        ({"before": 1}, "invalid"),
        ({"status": "review", "before": 2}, "conflict"),
        ({"after": 4}, "invalid"),
        ({"after": 99}, "not_found"),
        ({"status": "nowhere"}, "not_found"),
    ],
)
async def test_places_that_do_not_exist_are_refused(
    call: Call, refused: Refused, board: dict[str, Any], arguments: dict[str, Any], code: str
) -> None:
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b"}, {"title": "c"}])
    await call("create_board", name="Beta")
    await call("create_task", title="elsewhere", board="Beta")
    assert (await refused("move_task", task_id=1, **arguments)).code == code


async def test_a_move_rewrites_one_row(call: Call, app: Any, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": f"{number}"} for number in range(50)])
    touched: list[int] = []
    app.database.on_query = lambda name, _, seconds, rows, failed: (
        touched.append(rows) if name == "tasks.save" else None
    )
    for _ in range(10):
        await call("move_task", task_id=50, before=1)
        await call("move_task", task_id=50, after=25)
    assert touched == [1] * 20


@pytest.mark.parametrize("operation", ["create_task", "move_task", "archive_task"])
async def test_a_full_column_takes_no_more(call: Call, refused: Refused, board: dict[str, Any], operation: str) -> None:
    columns = [
        {"status": "todo", "category": "todo"},
        {"status": "doing", "category": "active", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]
    await call("set_columns", columns=columns)
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "status": "doing"}])
    arguments: dict[str, Any] = {"title": "c", "status": "doing"}
    if operation == "move_task":
        arguments = {"task_id": 1, "status": "doing"}
    elif operation == "archive_task":
        await call("archive_task", task_id=2)
        await call("move_task", task_id=1, status="doing")
        arguments = {"task_id": 2, "archived": False}
    error = await refused(operation, **arguments)
    assert (error.code, "1 of 1" in error.message) == ("wip_limit", True)


async def test_lists_filter_and_page_without_loss(call: Call, board: dict[str, Any]) -> None:
    await call("create_tag", tag="wide")
    await call("create_tag", tag="narrow", parent="wide")
    statuses = ["backlog", "todo", "in_progress", "done"]
    tasks = [
        {
            "title": f"{number}",
            "status": statuses[number % 4],
            "assignee": "bob" if number % 3 == 0 else None,
            "tags": ["narrow"] if number % 5 == 0 else [],
        }
        for number in range(40)
    ]
    await call("create_tasks", tasks=tasks)
    everything = await listed(call)
    assert sorted(everything) == list(range(1, 41))
    bobs = await listed(call, assignee="bob")
    assert bobs == [task_id for task_id in everything if (task_id - 1) % 3 == 0]
    assert await listed(call, tag="wide") == [task_id for task_id in everything if (task_id - 1) % 5 == 0]
    both = await listed(call, tag="wide", assignee="bob", status="todo")
    assert both == [task_id for task_id in await listed(call, status="todo") if (task_id - 1) % 15 == 0]


async def test_archived_tasks_have_a_list_of_their_own(call: Call, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": f"{number}"} for number in range(5)])
    for task_id in (1, 3, 5):
        await call("archive_task", task_id=task_id)
    assert await listed(call, archived=True) == [5, 3, 1]
    assert await listed(call) == [2, 4]


async def test_finished_tasks_are_listed_newest_first_page_by_page(
    call: Call, board: dict[str, Any], clock: SettableClock, refused: Refused
) -> None:
    await call("create_tasks", tasks=[{"title": f"{number}"} for number in range(6)])
    for tasks in ([4], [2, 5], [1]):  # two at one moment
        clock.advance(seconds=60)
        for task_id in tasks:
            await call("complete_task", task_id=task_id)
    await call("archive_task", task_id=1)
    first = await call("list_tasks", finished=True, limit=2)
    assert ([row[0] for row in first["rows"]], first["total"]) == ([5, 2], 3)
    assert [row[0] for row in (await call("list_tasks", finished=True, cursor=first["next"]))["rows"]] == [4]
    assert await listed(call, finished=True, status="done") == [5, 2, 4]
    assert await listed(call, finished=True, status="todo") == []
    assert (await refused("list_tasks", finished=True, assignee="bob")).code == "invalid"
    assert (await refused("list_tasks", finished=True, archived=True)).code == "invalid"
    assert (await refused("list_tasks", finished=True, cursor="done.80")).code == "invalid"


@pytest.mark.parametrize("cursor", ["x", "todo", "todo.", "nowhere.80", "todo.8/0", "'; drop table tasks; --"])
async def test_a_cursor_from_elsewhere_is_refused(refused: Refused, task: dict[str, Any], cursor: str) -> None:
    assert (await refused("list_tasks", cursor=cursor)).code == "invalid"


async def test_a_page_too_long_is_cut_says_so_and_loses_nothing(call: Call, task: dict[str, Any]) -> None:
    for number in range(6):
        await call("add_note", task_id=1, content=f"{number} " + "x" * (PAGE_BYTES // 3))
    first = await call("list_notes", task_id=1)
    assert (first["truncated"], first["total"]) == (True, 6)
    found = [row[0] for row in first["rows"]]
    page = first
    while "next" in page:
        page = await call("list_notes", task_id=1, cursor=page["next"])
        found += [row[0] for row in page["rows"]]
    assert found == [6, 5, 4, 3, 2, 1]


async def test_an_archived_task_takes_no_writes_until_it_is_restored(
    call: Call, refused: Refused, task: dict[str, Any]
) -> None:
    await call("archive_task", task_id=1)
    for operation, arguments in (
        ("update_task", {"title": "x"}),
        ("move_task", {"status": "todo"}),
        ("add_note", {"content": "x"}),
    ):
        assert (await refused(operation, task_id=1, **arguments)).code == "conflict"
    await call("archive_task", task_id=1, archived=False)
    assert await listed(call) == [1]


async def test_a_deleted_task_is_gone_and_its_id_never_used_again(
    call: Call, refused: Refused, task: dict[str, Any]
) -> None:
    assert (await refused("delete_task", task_id=1)).code == "invalid"
    await call("delete_task", task_id=1, confirm=True)
    assert (await refused("get_task", task_id=1)).code == "not_found"
    assert (await call("create_task", title="next"))["id"] == 2


KEYED = [
    ("create_board", {"name": "Beta"}),
    ("create_task", {"title": "x"}),
    ("create_tasks", {"tasks": [{"title": "x"}]}),
    ("claim_next", {}),
    ("complete_task", {"task_id": 1}),
    ("add_note", {"task_id": 1, "content": "x"}),
    ("create_tag", {"tag": "new"}),
    ("run_batch", {"calls": [{"operation": "create_task", "arguments": {"title": "x"}}]}),
]


@pytest.mark.parametrize(("operation", "arguments"), KEYED)
async def test_a_call_repeated_with_its_key_answers_the_same_and_writes_nothing(
    call: Call, app: Any, task: dict[str, Any], operation: str, arguments: dict[str, Any]
) -> None:
    assert {name for name, _ in KEYED} == {each.name for each in app.catalog if each.keyed}
    given = {**arguments, **({"board": 1} if operation in ("create_task", "create_tasks", "claim_next") else {})}
    first = await call(operation, actor="bob", idempotency_key="k", **given)
    seq = (await call("list_changes", limit=100))["next"]
    assert await call(operation, actor="bob", idempotency_key="k", **given) == first
    assert (await call("list_changes", limit=100))["next"] == seq


async def test_a_key_used_for_something_else_is_refused(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    await call("create_task", title="x", idempotency_key="k")
    assert (await refused("create_task", title="y", idempotency_key="k")).code == "conflict"
    assert (await refused("create_tasks", tasks=[{"title": "x"}], idempotency_key="k")).code == "conflict"


async def test_keys_are_each_actors_own_and_last_a_day(call: Call, clock: SettableClock, task: dict[str, Any]) -> None:
    first = await call("create_task", title="x", idempotency_key="k")
    other = await call("create_task", actor="bob", title="x", idempotency_key="k")
    clock.advance(hours=23)
    assert await call("create_task", title="x", idempotency_key="k") == first
    clock.advance(hours=2)
    assert (await call("create_task", title="x", idempotency_key="k"))["id"] not in (first["id"], other["id"])


async def test_a_refused_call_leaves_its_key_free(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    await refused("create_task", title="x", status="nowhere", idempotency_key="k")
    assert (await call("create_task", title="x", idempotency_key="k"))["id"] == 2
