"""Do calls take longer on a board that is a hundred times larger? And, in the long form, on one of a million tasks?"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median
from time import process_time
from typing import Any

from benchmarks.report import Figure, full
from benchmarks.workload import WORDS, seeded
from kanban_mcp.app import App

SIZES = (1_000, 10_000, 100_000)
HUGE = 1_000_000
ROUNDS = 60
COMMON = WORDS[0]
"""A word in nearly every task of the large board; another board has none of its words."""

Arguments = Callable[[int], dict[str, Any]]
CALLS: dict[str, tuple[str, Arguments]] = {
    "list_ready": ("list_ready", lambda turn: {"board": 1}),
    "list_tasks": ("list_tasks", lambda turn: {"board": 1, "status": "todo"}),
    "get_task": ("get_task", lambda turn: {"task_id": 1 + turn}),
    "get_board": ("get_board", lambda turn: {"board": 1}),
    "search, a word in a tenth of all tasks": ("search", lambda turn: {"query": WORDS[3 + turn % 5]}),
    "search, a word in a fiftieth": ("search", lambda turn: {"query": WORDS[20 + turn % 5]}),
    "search, a word in one task": ("search", lambda turn: {"query": f"unique{turn}"}),
    "search, rare words, five hits": ("search", lambda turn: {"query": WORDS[-1 - turn % 5], "limit": 5}),
    "search, two words on a board": (
        "search",
        lambda turn: {"query": f"{WORDS[2 + turn % 5]} {WORDS[1]}", "board": 1},
    ),
    "search, a word that only another board has": ("search", lambda turn: {"query": COMMON, "board": 2}),
    "search, three letters of a word": ("search", lambda turn: {"query": COMMON[:3]}),
    "search, one letter": ("search", lambda turn: {"query": COMMON[:1]}),
    "create_task": ("create_task", lambda turn: {"title": f"new {turn}", "board": 1, "depends_on": [1 + turn]}),
    "claim_next": ("claim_next", lambda turn: {"board": 1}),
}


def measure() -> list[Figure]:
    """Each call at all sizes, in turns, by processor time; the cache is off. The bar is on the third and the first."""
    sizes = (*SIZES, HUGE) if full() else SIZES
    with ExitStack() as stack:
        apps = [stack.enter_context(seeded(size)) for size in sizes]
        return asyncio.run(_figures(apps, sizes))


async def _figures(apps: Sequence[App], sizes: Sequence[int]) -> list[Figure]:
    for app in apps:
        await app.runner.call("create_board", {"name": "Small"}, actor="bench")
        tasks = [{"title": f"aside {number}"} for number in range(50)]
        await app.runner.call("create_tasks", {"tasks": tasks, "board": 2}, actor="bench")
    return [_figure(question, await _typical(apps, *call), sizes) for question, call in CALLS.items()]


async def _typical(apps: Sequence[App], operation: str, arguments: Arguments) -> list[float]:
    """Median seconds of processor time of a call at each size."""
    samples: list[list[float]] = [[] for _ in apps]
    for turn in range(ROUNDS):
        for app, seconds in zip(apps, samples, strict=True):
            began = process_time()
            await app.runner.call(operation, arguments(turn), actor="bench")
            seconds.append(process_time() - began)
    return [median(seconds) for seconds in samples]


def _figure(question: str, seconds: Sequence[float], sizes: Sequence[int]) -> Figure:
    detail = ", ".join(f"{each * 1e6:.0f}" for each in seconds) + " us at " + ", ".join(f"{size:,}" for size in sizes)
    return Figure(
        f"{question}: {SIZES[2]} tasks / {SIZES[0]}", seconds[2] / seconds[0], "times", 2.0, "at most", detail
    )
