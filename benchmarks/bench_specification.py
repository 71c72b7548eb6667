"""The specification's own tests, with its targets beside what was measured. Absolute times: they inform, no more."""

import asyncio
from collections.abc import Awaitable, Callable
from statistics import quantiles
from time import perf_counter

from benchmarks.report import Figure
from benchmarks.workload import seeded
from kanban_mcp.app import App

TASKS = 10_000
USERS = 100


def measure() -> list[Figure]:
    """Milliseconds, at the 95th percentile where there are many."""
    with seeded(TASKS, cache=1000) as app:
        return asyncio.run(_figures(app))


async def _figures(app: App) -> list[Figure]:
    batch = [{"title": f"batch {number}"} for number in range(100)]

    async def ten_pages() -> None:
        cursor: dict[str, str] = {}
        for _ in range(10):
            page = await app.runner.call("list_tasks", {"limit": 100, **cursor}, actor="spec")
            cursor = {"cursor": page["next"]}

    async def writers() -> None:
        await asyncio.gather(*(_write(app, number, 100) for number in range(50)))

    async def one_batch() -> None:
        await app.runner.call("create_tasks", {"tasks": batch}, actor="spec")

    return [
        await _once(f"1,000 of {TASKS} tasks in ten pages", "100 ms", ten_pages),
        await _once("50 writers of 100 tasks each", "no error", writers),
        await _once("100 tasks in one call", "500 ms", one_batch),
        await _users(app),
    ]


async def _write(app: App, number: int, count: int) -> None:
    for turn in range(count):
        await app.runner.call("create_task", {"title": f"{number} {turn}"}, actor=f"writer {number}")


async def _once(question: str, target: str, work: Callable[[], Awaitable[None]]) -> Figure:
    began = perf_counter()
    await work()
    return Figure(question, (perf_counter() - began) * 1000, "ms", detail=f"target {target}")


async def _users(app: App) -> Figure:
    """A hundred at once, each reading and writing ten times."""
    seconds: list[float] = []

    async def user(number: int) -> None:
        for turn in range(10):
            began = perf_counter()
            operation = ("get_task", "list_tasks", "search", "update_task")[turn % 4]
            given = {"task_id": 1 + number, "query": "balan", "title": f"by {number}"}
            wanted = {
                "get_task": ["task_id"],
                "list_tasks": [],
                "search": ["query"],
                "update_task": ["task_id", "title"],
            }
            await app.runner.call(operation, {name: given[name] for name in wanted[operation]}, actor=f"user {number}")
            seconds.append(perf_counter() - began)

    await asyncio.gather(*(user(number) for number in range(USERS)))
    return Figure(
        f"{USERS} users at once: p95 of a call", quantiles(seconds, n=20)[18] * 1000, "ms", detail="target 200 ms"
    )
