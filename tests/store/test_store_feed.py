"""News of commits, wherever they happen."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.change import Change
from kanban_mcp.store.feed import Feed
from tests.conftest import Call

WRITE = """
import sys, anyio
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

async def main():
    with open_app(Settings(db=sys.argv[1])) as app:
        for number in range(int(sys.argv[3])):
            await app.runner.call("create_task", {"title": f"{sys.argv[2]} {number}"}, actor=sys.argv[2])

anyio.run(main)
"""


def start_writing(db: Path, actor: str, count: int) -> "subprocess.Popen[bytes]":
    """A process that creates tasks."""
    return subprocess.Popen([sys.executable, "-c", WRITE, str(db), actor, str(count)])


async def test_one_who_waits_hears_of_a_write_in_this_process(call: Call, board: dict[str, Any]) -> None:
    since = int((await call("list_changes"))["next"])
    heard: list[Any] = []

    async def listen() -> None:
        heard.extend((await call("list_changes", since=since, wait=30))["rows"])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await call("create_task", title="news")
    assert [row[3] for row in heard] == ["created"]


async def test_one_who_waits_hears_of_a_write_in_another_process(call: Call, db: Path, board: dict[str, Any]) -> None:
    since = int((await call("list_changes"))["next"])
    writer = start_writing(db, "bob", 1)
    page = await call("list_changes", since=since, wait=30)
    assert [row[2] for row in page["rows"]] == ["bob"]
    assert writer.wait(30) == 0


async def test_a_wait_without_news_ends_empty(call: Call, board: dict[str, Any]) -> None:
    since = int((await call("list_changes"))["next"])
    page = await call("list_changes", since=since, wait=0.1)
    assert (page["rows"], page["next"]) == ([], str(since))


async def test_changes_of_several_writing_processes_come_in_order_without_gap(
    call: Call, db: Path, board: dict[str, Any]
) -> None:
    seen = int((await call("list_changes"))["next"])
    expected = list(range(seen + 1, seen + 1 + 3 * 40))
    writers = [start_writing(db, actor, 40) for actor in ("bob", "eve", "joe")]
    seqs: list[int] = []
    while len(seqs) < len(expected):
        page = await call("list_changes", since=seen, wait=30, limit=100)
        assert page["rows"], "no news for 30 seconds"
        seqs += [row[0] for row in page["rows"]]
        seen = int(page["next"])
    assert seqs == expected
    assert [writer.wait(30) for writer in writers] == [0, 0, 0]


async def test_only_news_of_the_board_asked_for_ends_a_wait(call: Call, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta")
    since = int((await call("list_changes"))["next"])
    await call("create_task", title="elsewhere", board="Beta")
    page = await call("list_changes", since=since, board="Alpha", wait=0.1)
    assert page["rows"] == []


def test_a_listener_that_left_hears_nothing(app: App) -> None:
    feed = Feed(app.database)
    heard = threading.Event()
    feed.listen(heard.set)()
    app.writer.submit(lambda: None, caller=Caller("ann")).result()
    feed.close()
    assert not heard.is_set()


@pytest.mark.parametrize("wait", [-1, 31, 9999])
async def test_a_wait_out_of_range_is_refused(refused: Any, board: dict[str, Any], wait: float) -> None:
    assert (await refused("list_changes", wait=wait)).code == "invalid"


async def test_a_reader_behind_the_trimmed_log_is_told(app: App, call: Call, clock: Any, board: dict[str, Any]) -> None:
    await call("create_task", title="old")
    clock.advance(days=10)
    await call("create_task", title="new")
    trimmed = app.writer.submit(lambda: app.services.history.trim(5), caller=Caller("ann")).result()
    page = await call("list_changes", since=0)
    assert trimmed == 2
    assert page["trimmed"] is True
    assert len(page["rows"]) == 1
    assert "trimmed" not in await call("list_changes", since=2)


async def test_news_tell_every_change_once_in_order_from_where_listening_began(app: App, call: Call) -> None:
    await call("create_board", name="Before")
    told: list[int] = []
    moved = threading.Event()

    def hear(changes: Sequence[Change]) -> None:
        told.extend(change.seq for change in changes)
        moved.set()

    stop = app.news.listen(hear)
    for number in range(5):
        await call("create_board", name=f"Board {number}")
    while len(told) < 5:
        assert moved.wait(30)
        moved.clear()
    stop()
    await call("create_board", name="After")
    assert told == [2, 3, 4, 5, 6]


async def test_news_of_several_writing_processes_are_told_in_order_without_gap(
    app: App, call: Call, db: Path, board: dict[str, Any]
) -> None:
    told: list[int] = []
    moved = threading.Event()

    def hear(changes: Sequence[Change]) -> None:
        told.extend(change.seq for change in changes)
        moved.set()

    stop = app.news.listen(hear)
    first = int((await call("list_changes"))["next"]) + 1
    writers = [start_writing(db, actor, 40) for actor in ("bob", "eve")]
    for number in range(40):
        await call("create_task", title=f"here {number}")
    while len(told) < 3 * 40:
        assert moved.wait(30), "no news for 30 seconds"
        moved.clear()
    stop()
    assert told == list(range(first, first + 3 * 40))
    assert [writer.wait(30) for writer in writers] == [0, 0]
