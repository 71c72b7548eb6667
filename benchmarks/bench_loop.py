"""How long is the event loop held while a text is looked for among many tasks, the file is backed up and many write?"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.report import Figure, full
from benchmarks.workload import WORDS, seed
from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings

WRITERS = 64
SEARCHES = 4
EVERY = 0.001
"""Seconds between two looks at the loop."""

Work = Callable[[int], Awaitable[Any]]


def measure() -> list[Figure]:
    """The loop's delays under all of that at once, beside those of an idle one, which the machine makes by itself."""
    tasks = 1_000_000 if full() else 10_000
    with TemporaryDirectory() as folder:
        settings = Settings(db=Path(folder) / "bench.db", files=Path(folder), toolsets=("all",))
        with open_app(settings) as app:
            seed(app, tasks)
            seconds = 20 if full() else 3
            idle, _ = asyncio.run(_watched(app, seconds=seconds))
            delays, reads = asyncio.run(_loaded(app, seconds=seconds))
    among = f"{WRITERS} writers, {SEARCHES} searches and a backup, {tasks} tasks"
    detail = f"99 % below {_most(delays):.1f} ms of {len(delays)} looks; idle {max(idle):.1f} and {_most(idle):.1f} ms"
    read = f"median {median(reads):.2f} ms"
    return [
        Figure(f"longest hold of the loop, {among}", max(delays), "ms", 20, "at most", detail),
        Figure("get_task meanwhile, 99 %", _most(reads), "ms", detail=read),
    ]


def _most(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[-1]


async def _loaded(app: App, *, seconds: float) -> tuple[list[float], list[float]]:
    async def call(operation: str, **arguments: Any) -> dict[str, Any]:
        return await app.runner.call(operation, arguments, actor="bench")

    works: list[Work] = [
        *[lambda number: call("update_task", task_id=1 + number % 1000, title=f"Task {number}")] * WRITERS,
        *[lambda number: call("search", query=WORDS[number % 50], limit=20)] * SEARCHES,
    ]
    async with _running(works):
        copying = asyncio.ensure_future(call("backup", file="copy.db"))
        watched = await _watched(app, seconds=seconds)
        await copying
    return watched


@contextlib.asynccontextmanager
async def _running(works: list[Work]) -> AsyncIterator[None]:
    """Do each piece of work again and again until the end of the block."""
    numbers, running = itertools.count(), True

    async def again(work: Work) -> None:
        while running:
            await work(next(numbers))

    tasks = [asyncio.ensure_future(again(work)) for work in works]
    try:
        yield
    finally:
        running = False
        await asyncio.gather(*tasks)


async def _watched(app: App, *, seconds: float) -> tuple[list[float], list[float]]:
    """By how many ms the loop came late, time after time; and how many a task took to read between two looks."""
    delays: list[float] = []
    reads: list[float] = []
    end = perf_counter() + seconds
    while (started := perf_counter()) < end:
        await asyncio.sleep(EVERY)
        delays.append((perf_counter() - started - EVERY) * 1000)
        began = perf_counter()
        await app.runner.call("get_task", {"task_id": 1 + len(reads) % 1000}, actor="bench")
        reads.append((perf_counter() - began) * 1000)
    return delays, reads
