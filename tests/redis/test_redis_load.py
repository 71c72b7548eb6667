"""Whatever happens to Redis in the middle of a load, no call fails and no answer is stale."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from kanban_mcp.app import App
from tests.conftest import Call
from tests.redis.servers import RedisServer, delay, fill, flush, freeze, kill

WORKERS = 6
ROUNDS = 20
WHEN = WORKERS * ROUNDS // 3
"""How many rounds are done when the harm comes."""

Harm: TypeAlias = Callable[[RedisServer], None]


def end_and_begin(server: RedisServer) -> None:
    """Kill it, and start it anew at the same place, empty."""
    kill(server)
    server.start()


class Load:
    """Workers that write through one app and read through the other, in turns."""

    def __init__(self, apps: tuple[App, App], tasks: list[int]) -> None:
        self._apps = apps
        self._tasks = tasks
        self.done = 0
        self.reached: dict[int, asyncio.Event] = {}

    async def run(self, rounds: int) -> None:
        """All rounds of all workers; an answer that is stale, or none, fails."""
        await asyncio.gather(*(self._work(task, rounds) for task in self._tasks))

    async def until(self, done: int) -> None:
        """Wait until so many rounds are done."""
        if self.done < done:
            await self.reached.setdefault(done, asyncio.Event()).wait()

    async def _work(self, task: int, rounds: int) -> None:
        for number in range(rounds):
            writer, reader = self._apps[number % 2], self._apps[(number + 1) % 2]
            title = f"{task} for the {number}th time"
            await writer.runner.call("update_task", {"task_id": task, "title": title}, actor=f"worker {task}")
            for app in (reader, writer):
                page = await app.runner.call("list_tasks", {}, actor="ann")
                assert title in titles(page)
            self.done += 1
            if (event := self.reached.get(self.done)) is not None:
                event.set()


def titles(page: dict[str, Any]) -> list[str]:
    """Of the tasks of a page."""
    place = page["columns"].index("title")
    return [row[place] for row in page["rows"]]


async def loaded(apps: tuple[App, App], call: Call) -> Load:
    """A load on a task for each worker."""
    tasks = [(await call("create_task", title="x"))["id"] for _ in range(WORKERS)]
    return Load(apps, tasks)


@pytest.mark.parametrize("harm", [kill, end_and_begin, freeze, delay, flush, fill])
async def test_harm_to_redis_amid_a_load_fails_nothing(
    apps: tuple[App, App], server: RedisServer, call: Call, board: dict[str, Any], harm: Harm
) -> None:
    load = await loaded(apps, call)

    async def do_harm() -> None:
        await load.until(WHEN)
        await asyncio.to_thread(harm, server)
        await load.until(2 * WHEN)
        if harm is freeze:
            server.signal(signal.SIGCONT)

    await asyncio.gather(load.run(ROUNDS), do_harm())
    assert load.done == WORKERS * ROUNDS
    for app in apps:
        performance = await app.runner.call("get_performance", {}, actor="ann")
        assert "errors" not in performance


@pytest.mark.long
async def test_a_redis_that_is_frozen_for_ten_seconds_is_used_again_afterwards(
    apps: tuple[App, App], server: RedisServer, call: Call, board: dict[str, Any]
) -> None:
    load = await loaded(apps, call)
    loop = asyncio.get_running_loop()
    freeze(server)
    end = loop.time() + 10
    while loop.time() < end:
        await load.run(1)
    server.signal(signal.SIGCONT)
    patience = loop.time() + 60
    while (await call("get_cache_stats"))["redis"]["state"] != "in use":
        assert loop.time() < patience, "Redis is not used again"
        await load.run(1)
