"""What does the cache gain for each answer that is kept, and what do the monitors cost?"""

import asyncio
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.report import Figure
from benchmarks.workload import seeded
from kanban_mcp.app import App

TASKS = 10_000
ROUNDS = 7
CALLS = 200
VIEWS: dict[str, dict[str, Any]] = {"get_task": {"task_id": 1}, "get_board": {}, "list_tasks": {"limit": 50}}


def measure() -> list[Figure]:
    """Kept answers against fresh ones, and calls with monitors against calls without."""
    with seeded(TASKS, cache=1000) as app:
        return asyncio.run(_figures(app))


async def _figures(app: App) -> list[Figure]:
    return [*[await _gain(app, name) for name in VIEWS], await _watching(app), await _profiled(app)]


async def _gain(app: App, operation: str) -> Figure:
    kept, fresh = await _in_turns(app, operation, keep=True), await _in_turns(app, operation, keep=False)
    detail = f"{kept * 1e6:.0f} against {fresh * 1e6:.0f} us"
    bar = 10.0 if operation == "get_board" else None
    return Figure(f"{operation} at {TASKS} tasks: fresh / kept", fresh / kept, "times", bar, "at least", detail)


async def _in_turns(app: App, operation: str, *, keep: bool) -> float:
    """Median seconds of a call."""
    seconds = []
    for _ in range(CALLS):
        if not keep:
            app.cache.invalidate("*")
        began = perf_counter()
        await app.runner.call(operation, VIEWS[operation], actor="bench")
        seconds.append(perf_counter() - began)
    return median(seconds)


async def _profiled(app: App) -> Figure:
    """What a profile costs while it is taken: calls of get_board from the file, beside one and without."""
    beside: list[float] = []
    without: list[float] = []
    for _ in range(ROUNDS):
        without.append(await _in_turns(app, "get_board", keep=False))
        profile = asyncio.create_task(app.runner.call("profile", {"seconds": 0.3}, actor="bench"))
        beside.append(await _in_turns(app, "get_board", keep=False))
        await profile
    return Figure("get_board beside a profile / without", median(beside) / median(without), "times")


async def _watching(app: App) -> Figure:
    """What monitors add to a call of get_task within the process, when its answer is kept."""
    watched: list[float] = []
    unwatched: list[float] = []
    for _ in range(ROUNDS * 4):
        for seconds, on in ((watched, True), (unwatched, False)):
            app.database.on_query = app.watch.queries.observe if on else None
            app.runner.on_call = app.watch.calls.observe if on else None
            began = perf_counter()
            for _ in range(CALLS):
                await app.runner.call("get_task", {"task_id": 1}, actor="bench")
            seconds.append((perf_counter() - began) / CALLS)
    added = (median(watched) - median(unwatched)) * 1e6
    return Figure("monitors: added to a call of get_task", added, "us")
