"""Point reads are answered on the event loop, since a hop to a thread costs more than they do; slow ones elsewhere."""

import asyncio
import threading

import pytest

from kanban_mcp.app import App
from tests.conftest import Call

PATIENCE = 60


@pytest.fixture
async def threads(app: App, call: Call) -> dict[str, str]:
    """In which thread each statement ran, of those that run from now on."""
    await call("create_board", name="Alpha")
    await call("create_task", title="read the manual")
    found: dict[str, str] = {}
    app.database.on_query = lambda name, *_: found.__setitem__(name, threading.current_thread().name)
    return found


async def test_a_task_is_read_where_it_is_asked_for(call: Call, threads: dict[str, str]) -> None:
    await call("get_task", task_id=1)
    assert threads["tasks.get"] == threading.current_thread().name


@pytest.mark.parametrize(
    ("operation", "statement"),
    [("list_tasks", "tasks.page"), ("search", "search.tasks.newest"), ("get_board_stats", "boards.totals")],
)
async def test_what_may_take_long_is_read_on_another_thread(
    call: Call, threads: dict[str, str], operation: str, statement: str
) -> None:
    await call(operation, **({"query": "manual"} if operation == "search" else {}))
    assert threads[statement] != threading.current_thread().name


async def test_writes_have_a_thread_of_their_own(call: Call, threads: dict[str, str]) -> None:
    await call("create_task", title="write the manual")
    assert threads["tasks.insert"] == "kanban-writer"


async def test_a_slow_read_holds_up_no_other_call(app: App, call: Call) -> None:
    await call("create_board", name="Alpha")
    await call("create_task", title="read the manual")
    loop, begun, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(name: str, *_: object) -> None:
        if name == "search.tasks.newest":
            loop.call_soon_threadsafe(begun.set)
            released.wait(PATIENCE)

    app.database.on_query = slow
    searching = asyncio.ensure_future(call("search", query="manual"))
    await asyncio.wait_for(begun.wait(), PATIENCE)
    assert (await call("get_task", task_id=1))["title"] == "read the manual"
    assert (await call("list_tasks"))["total"] == 1
    assert (await call("create_task", title="write the manual"))["id"] == 2
    assert not searching.done()
    released.set()
    assert (await searching)["rows"]
