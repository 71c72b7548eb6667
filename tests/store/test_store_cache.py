"""Answers from the cache are never older than the file."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.store.cache import Cache
from kanban_mcp.store.clock import system_clock
from tests.conftest import Call


@pytest.fixture
def other(app: App, db: Path) -> Iterator[App]:
    """A second app on the same file, as another process has it: it shares nothing but the file."""
    with open_app(Settings(db=db, toolsets=("all",)), clock=system_clock) as opened:
        yield opened


async def test_a_second_read_is_a_hit(app: App, call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    assert await call("get_task", task_id=1) == await call("get_task", task_id=1)
    assert app.cache.counts()["get_task"] == (1, 1)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("update_task", {"task_id": 1, "title": "new"}),
        ("move_task", {"task_id": 1, "status": "todo"}),
        ("add_note", {"task_id": 1, "content": "n"}),
        ("update_task", {"task_id": 2, "title": "blocker renamed"}),
        ("complete_task", {"task_id": 2}),
        ("archive_task", {"task_id": 2}),
        ("delete_task", {"task_id": 2, "confirm": True}),
        ("update_task", {"task_id": 3, "title": "dependent renamed"}),
        ("unlink_tasks", {"task_id": 3, "depends_on": 1}),
        ("update_task", {"task_id": 4, "title": "subtask renamed"}),
        ("update_task", {"task_id": 4, "parent_id": 0}),
        ("create_task", {"title": "y", "parent_id": 1}),
        ("create_task", {"title": "z", "depends_on": [1]}),
        ("link_tasks", {"task_id": 5, "depends_on": 1, "kind": "relates"}),
        ("tag_task", {"task_id": 1, "tags": ["q"]}),
        ("update_tag", {"tag": "core", "name": "kernel"}),
        ("delete_tag", {"tag": "core", "confirm": True}),
        ("claim_next", {"task_id": 4}),
        ("undo", {"since": 0, "actor": "ann"}),
    ],
)
@pytest.mark.parametrize("reader", ["get_task", "get_board", "list_tasks"])
async def test_a_write_of_another_process_is_seen_by_the_next_read(
    app: App, other: App, call: Call, board: dict[str, Any], reader: str, operation: str, arguments: dict[str, Any]
) -> None:
    tasks: list[dict[str, Any]] = [
        {"title": "watched", "tags": ["core"]},
        {"title": "blocker"},
        {"title": "dependent", "depends_on": ["$0"]},
        {"title": "subtask", "parent_id": "$0"},
        {"title": "bystander"},
    ]
    await call("create_tasks", tasks=tasks)
    await call("link_tasks", task_id=1, depends_on=2)
    seen: dict[str, Any] = {"task_id": 1} if reader == "get_task" else {}
    await call(reader, **seen)
    if operation == "undo":
        await call("update_task", actor="eve", task_id=1, title="eve was here")
        arguments = {"since": 0, "actor": "eve"}
    await other.runner.call(operation, arguments, actor="bob")
    with open_app(Settings(db=app.settings.db, cache_entries=0), clock=app.database.clock) as uncached:
        assert await call(reader, **seen) == await uncached.runner.call(reader, seen, actor="ann")


async def test_a_renewed_lease_is_seen_though_the_log_does_not_tell(
    app: App, other: App, call: Call, board: dict[str, Any]
) -> None:
    await call("create_task", title="x")
    claimed = await call("claim_next", actor="bob")
    before = await call("get_task", task_id=1)
    assert before["lease_expires_at"] == claimed["task"]["lease_expires_at"]
    await other.runner.call("update_task", {"task_id": 1, "title": "x", "lease": claimed["task"]["lease"]}, actor="bob")
    assert (await call("get_task", task_id=1))["lease_expires_at"] > before["lease_expires_at"]


async def test_holders_ages_go_on_while_the_board_is_cached(
    call: Call, app: App, clock: Any, board: dict[str, Any]
) -> None:
    await call("create_task", title="x")
    await call("claim_next")
    await call("get_board")
    clock.advance(seconds=90)
    holders = (await call("get_board"))["holders"]
    assert holders["rows"][0][holders["columns"].index("held_seconds")] == 90
    assert app.cache.counts()["get_board"].hits == 1


async def test_many_who_ask_for_the_same_at_once_cause_one_load(call: Call, app: App, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    queries: list[str] = []
    app.database.on_query = lambda name, *_: queries.append(name)
    answers = await asyncio.gather(*(call("list_tasks") for _ in range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert queries.count("boards.first") == 2
    assert len({name for name in queries if name == "tasks.page"}) == 1


def test_entries_beyond_the_capacity_push_out_the_least_recently_used() -> None:
    cache = Cache(entries=2)
    for key in ("a", "b"):
        cache.put("view", key, key, scopes=(), read=cache.at(1), size=1)
    assert cache.get("view", "a") == "a"
    cache.put("view", "c", "c", scopes=(), read=cache.at(1), size=1)
    assert (cache.get("view", "b"), cache.get("view", "a"), len(cache), cache.evicted) == (None, "a", 2, 1)


def test_what_was_read_before_a_change_is_not_found_after_it() -> None:
    cache = Cache()
    moment = cache.at(5)
    cache.mark({"task:1"}, 6)
    cache.put("view", "late", 1, scopes={"task:1"}, read=moment, size=1)
    cache.put("view", "other", 2, scopes={"task:2"}, read=moment, size=1)
    assert (cache.get("view", "late"), cache.get("view", "other")) == (None, 2)


def test_what_was_being_read_when_all_was_forgotten_is_not_found() -> None:
    cache = Cache()
    moment = cache.at(5)
    cache.forget()
    cache.put("view", "late", 1, scopes=(), read=moment, size=1)
    assert cache.get("view", "late") is None


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("task:1", 2),
        ("task:*", 1),
        ("board*", 2),
        ("brief", 1),
        ("*", 0),
        ("x", 3),
        ("board:1:*", 2),
        ("task:updated", 0),
        ("note:created", 1),
        ("board:archived", 2),
        ("tag:updated", 3),
    ],
)
def test_entries_are_forgotten_by_pattern(pattern: str, left: int) -> None:
    cache = Cache()
    cache.put("brief", "1", 1, scopes={"task:1"}, read=cache.at(1), size=1)
    cache.put("brief", "2", 1, scopes={"task:2"}, read=cache.at(1), size=1)
    cache.put("page", "3", 1, scopes={"board:1"}, read=cache.at(1), size=1)
    assert cache.invalidate(pattern) == 3 - left
    assert len(cache) == left


def test_marks_do_not_grow_without_bound() -> None:
    cache = Cache()
    cache.put("view", "a", 1, scopes=(), read=cache.at(1), size=1)
    cache.mark((f"task:{number}" for number in range(20_000)), 2)
    assert cache.get("view", "a") is None
    assert cache.get("view", "a") is None
