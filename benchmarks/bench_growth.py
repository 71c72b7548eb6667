"""Does a call take longer on a board that is a hundred times larger?"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.report import Figure
from benchmarks.workload import WORDS, seeded
from kanban_mcp.app import App

SMALL, LARGE = 1_000, 100_000
ROUNDS = 60

Arguments = Callable[[int], dict[str, Any]]
CALLS: dict[str, tuple[str, Arguments]] = {
    "list_ready": ("list_ready", lambda turn: {}),
    "list_tasks": ("list_tasks", lambda turn: {"status": "todo"}),
    "get_task": ("get_task", lambda turn: {"task_id": 1 + turn}),
    "get_board": ("get_board", lambda turn: {}),
    "search, a word in a tenth of all tasks": ("search", lambda turn: {"query": WORDS[3 + turn % 5]}),
    "search, a word in a fiftieth": ("search", lambda turn: {"query": WORDS[20 + turn % 5]}),
    "search, a word in one task": ("search", lambda turn: {"query": f"unique{turn}"}),
    "search, two words on a board": (
        "search",
        lambda turn: {"query": f"{WORDS[2 + turn % 5]} {WORDS[1]}", "board": 1},
    ),
    "create_task": ("create_task", lambda turn: {"title": f"new {turn}", "depends_on": [1 + turn]}),
    "claim_next": ("claim_next", lambda turn: {}),
}


def measure() -> list[Figure]:
    """Each call at both sizes, in turns; the cache is off."""
    with ExitStack() as stack:
        apps = [stack.enter_context(seeded(size)) for size in (SMALL, LARGE)]
        return asyncio.run(_ratios(apps))


async def _ratios(apps: list[App]) -> list[Figure]:
    figures = []
    for question, (operation, arguments) in CALLS.items():
        samples: list[list[float]] = [[] for _ in apps]
        for turn in range(ROUNDS):
            for app, seconds in zip(apps, samples, strict=True):
                began = perf_counter()
                await app.runner.call(operation, arguments(turn), actor="bench")
                seconds.append(perf_counter() - began)
        small, large = (median(seconds) * 1e6 for seconds in samples)
        detail = f"{small:.0f} and {large:.0f} us"
        figures.append(Figure(f"{question}: {LARGE} tasks / {SMALL}", large / small, "times", 2.0, "at most", detail))
    return figures
