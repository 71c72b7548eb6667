"""What does the cache gain for each answer that is kept?"""

import asyncio
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.report import Figure
from benchmarks.workload import seeded
from kanban_mcp.app import App

TASKS = 10_000
CALLS = 200
VIEWS: dict[str, dict[str, Any]] = {"get_task": {"task_id": 1}, "get_board": {}, "list_tasks": {"limit": 50}}


def measure() -> list[Figure]:
    """Kept answers against fresh ones."""
    with seeded(TASKS, cache=1000) as app:
        return asyncio.run(_figures(app))


async def _figures(app: App) -> list[Figure]:
    return [await _gain(app, name) for name in VIEWS]


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
