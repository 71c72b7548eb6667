"""The way of answers from the writer's thread to an event loop."""

import asyncio
import gc
import threading
import weakref
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.store.landing import Landing
from tests.conftest import Call
from tests.store.test_store_writer import Blocker, names

pytestmark = pytest.mark.anyio


async def test_the_answers_of_a_group_wake_the_loop_once(app: App, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    await call("create_board", name="Board")
    loop, woken, sizes = asyncio.get_running_loop(), [], []
    wake = loop.call_soon_threadsafe

    def counted(*given: Any) -> asyncio.Handle:
        woken.append(threading.current_thread().name)
        return wake(*given)

    app.writer.on_group = lambda sample: sizes.append(sample.size)
    blocker = Blocker(app.writer)  # the writer is done with the board
    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    calls = [asyncio.ensure_future(call("create_task", title=f"Task {number}")) for number in range(10)]
    await checkpoint()  # they are all queued
    assert app.writer.waiting == 10
    blocker.release()
    made = await asyncio.gather(*calls)
    assert len({task["id"] for task in made}) == 10
    assert sizes == [1, 10]
    assert woken == ["kanban-writer"]


async def test_an_answer_that_came_before_it_was_awaited_is_not_lost(app: App) -> None:
    landing = Landing(asyncio.get_running_loop())
    answer = app.writer.submit(lambda: 1, caller=Caller("a"), landing=landing)
    app.writer.submit(lambda: None, caller=Caller("a")).result(30)  # the group of the first has been told of
    assert await landing.awaited(answer) == 1


async def test_a_call_that_is_no_longer_awaited_is_withdrawn_and_the_others_are_answered(app: App, call: Call) -> None:
    blocker = Blocker(app.writer)
    calls = [asyncio.ensure_future(call("create_board", name=name)) for name in ("one", "two")]
    await checkpoint()  # they are all queued
    assert app.writer.waiting == 2
    calls[0].cancel()
    blocker.release()
    assert (await calls[1])["name"] == "two"
    assert calls[0].cancelled()
    assert names(app) == ["two"]


async def test_what_was_answered_is_forgotten_without_the_garbage_collector(app: App) -> None:
    landing = Landing(asyncio.get_running_loop())
    here = landing.awaited(app.writer.submit(lambda: 1, caller=Caller("a"), landing=landing))
    await here
    gone = weakref.ref(here)
    gc.disable()
    try:
        del here
        app.writer.submit(lambda: 2, caller=Caller("a")).result(30)  # the writer has let go of the first
        await checkpoint()
        assert gone() is None
    finally:
        gc.enable()


def test_the_writer_outlives_a_loop_that_ended_before_its_answer(app: App) -> None:
    loop = asyncio.new_event_loop()
    blocker, landing = Blocker(app.writer), Landing(loop)
    landing.awaited(app.writer.submit(lambda: 1, caller=Caller("a"), landing=landing))
    loop.close()
    blocker.release()
    assert app.writer.submit(lambda: 2, caller=Caller("a")).result(30) == 2
