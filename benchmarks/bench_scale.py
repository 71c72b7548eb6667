"""How do calls grow from a thousand tasks to a million? With `--full` to the million, else to ten thousand."""

import asyncio
from statistics import median
from time import perf_counter

from benchmarks.bench_growth import CALLS
from benchmarks.report import Figure, full
from benchmarks.workload import seeded
from kanban_mcp.app import App

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 30


def measure() -> list[Figure]:
    """Microseconds of each call at each size; absolute, so they only inform."""
    figures = []
    for size in SIZES if full() else SIZES[:2]:
        with seeded(size) as app:
            figures += [Figure(f"{size} tasks: {name}", asyncio.run(_typical(app, name)), "us") for name in CALLS]
    return figures


async def _typical(app: App, name: str) -> float:
    operation, arguments = CALLS[name]
    seconds = []
    for turn in range(ROUNDS):
        began = perf_counter()
        await app.runner.call(operation, arguments(turn), actor="bench")
        seconds.append(perf_counter() - began)
    return median(seconds) * 1e6
