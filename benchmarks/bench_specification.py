"""The specification's own tests and goals, with its targets beside what was measured.

Absolute times: they inform, no more. What sockets hear, and users over HTTP, are measured in `live`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from statistics import mean, quantiles
from time import perf_counter
from typing import Any

import psutil

from benchmarks.report import Figure
from benchmarks.workload import seeded
from kanban_mcp.app import App

TASKS = 10_000
ROUNDS = 20
WRITERS, EACH = 50, 100
USERS, CALLS = 100, 10
FEW = 20
BATCH = [{"title": f"batch {number}"} for number in range(100)]


def measure() -> list[Figure]:
    """Milliseconds at the 95th percentile, beside the targets."""
    with seeded(TASKS, cache=1000) as app:
        return asyncio.run(_figures(app))


async def _figures(app: App) -> list[Figure]:
    pages = await _rounds(lambda: _pages(app))
    batches = await _rounds(lambda: app.runner.call("create_tasks", {"tasks": BATCH}, actor="spec"))
    writing, writes = await _writers(app)
    calls, failed = await _users(app)
    slowest = await _slowest(app)
    resident = psutil.Process().memory_info().rss / 2**20
    each = writing / (WRITERS * EACH) * 1000
    return [
        _p95(f"1,000 of {TASKS} tasks from the file, in ten pages: p95", pages, 100),
        _p95("100 tasks in one batch: p95", batches, 5000),
        Figure(f"{WRITERS} writers of {EACH} tasks each: all", writing * 1000, "ms", 10_000),
        Figure(f"{WRITERS} writers of {EACH} tasks each: a task", each, "ms", 2, detail=_tail(writes)),
        _p95(f"{USERS} users at once: p95 of a call", calls, 200),
        Figure(f"{USERS} users at once: mean of a call", mean(calls) * 1000, "ms", 200),
        Figure(f"{USERS} users at once: calls that failed", failed, "", 0, detail=f"of {USERS * CALLS}"),
        Figure(
            "slowest statement: p95", slowest["p95_ms"], "ms", 50, detail=f"{slowest['name']}, {slowest['count']} times"
        ),
        Figure("memory after it all", resident, "MB", 512),
    ]


async def _slowest(app: App) -> dict[str, Any]:
    """Of the statements that ran more than a few times, that with the largest p95."""
    found = (await app.runner.call("get_query_stats", {"sort": "p95", "limit": 100}, actor="spec"))["queries"]
    return next(each for row in found["rows"] if (each := dict(zip(found["columns"], row, strict=True)))["count"] > FEW)


def _p95(question: str, seconds: list[float], target: float) -> Figure:
    return Figure(question, quantiles(seconds, n=20)[18] * 1000, "ms", target, detail=_tail(seconds))


def _tail(seconds: list[float]) -> str:
    hundredths = quantiles(seconds, n=100)
    return f"p50 {hundredths[49] * 1000:.1f}, p99 {hundredths[98] * 1000:.1f} ms of {len(seconds)}"


async def _rounds(work: Callable[[], Awaitable[object]]) -> list[float]:
    return [await _timed(work()) for _ in range(ROUNDS)]


async def _timed(work: Awaitable[object]) -> float:
    began = perf_counter()
    await work
    return perf_counter() - began


async def _pages(app: App) -> None:
    app.cache.forget()
    cursor: dict[str, str] = {}
    for _ in range(10):
        page = await app.runner.call("list_tasks", {"limit": 100, **cursor}, actor="spec")
        cursor = {"cursor": page["next"]}


async def _writers(app: App) -> tuple[float, list[float]]:
    """Seconds for all tasks of all writers, and of each task; none may fail."""

    async def write(number: int) -> list[float]:
        return [
            await _timed(app.runner.call("create_task", {"title": f"{number} {turn}"}, actor=f"writer {number}"))
            for turn in range(EACH)
        ]

    began = perf_counter()
    writes = await asyncio.gather(*(write(number) for number in range(WRITERS)))
    return perf_counter() - began, [seconds for each in writes for seconds in each]


async def _users(app: App) -> tuple[list[float], int]:
    """A hundred at once, each reading and writing in turn: seconds of each call, and how many failed."""
    mixed: list[tuple[str, Callable[[int], dict[str, object]]]] = [
        ("get_task", lambda number: {"task_id": 1 + number}),
        ("list_tasks", lambda number: {}),
        ("search", lambda number: {"query": "balan"}),
        ("update_task", lambda number: {"task_id": 1 + number, "title": f"by {number}"}),
    ]
    seconds: list[float] = []
    failed = 0

    async def user(number: int) -> None:
        nonlocal failed
        for turn in range(CALLS):
            operation, arguments = mixed[turn % len(mixed)]
            try:
                seconds.append(await _timed(app.runner.call(operation, arguments(number), actor=f"user {number}")))
            except Exception:
                failed += 1

    await asyncio.gather(*(user(number) for number in range(USERS)))
    return seconds, failed
