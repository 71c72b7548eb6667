"""Does a filtered call take longer on a board that is a hundred times larger? Few tasks pass, most are passed over."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from statistics import median
from time import process_time
from typing import Any

from benchmarks.report import Figure, full
from benchmarks.workload import CHUNK, WORDS, seeded
from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller

SMALL, LARGE = 1_000, 100_000
ROUNDS = 15
COMMON, RARE = WORDS[0], WORDS[-5:]
"""A word in nearly every task, and some in less than one of a hundred."""

Arguments = Callable[[int], dict[str, Any]]
CALLS: dict[str, tuple[str, Arguments]] = {
    "list_ready, tag on five tasks": ("list_ready", lambda turn: {"board": 1, "tag": "needle"}),
    "list_tasks, tag on five tasks": ("list_tasks", lambda turn: {"board": 1, "tag": "needle"}),
    "list_tasks, tag on one of thirty": ("list_tasks", lambda turn: {"board": 1, "tag": "red"}),
    "list_tasks, parent of five": ("list_tasks", lambda turn: {"board": 1, "parent_id": 1}),
    "list_tasks, one assignee": ("list_tasks", lambda turn: {"board": 2, "assignee": "person 3"}),
    "list_tags": ("list_tags", lambda turn: {}),
    "get_board_stats": ("get_board_stats", lambda turn: {"board": 1}),
    "claim_next, all ready work is others'": ("claim_next", lambda turn: {"board": 2}),
    "search, common word, column": ("search", lambda turn: {"query": COMMON, "status": "done"}),
    "search, common word, tag on one of thirty": ("search", lambda turn: {"query": COMMON, "tag": "red"}),
    "search, common word, tag on five tasks": ("search", lambda turn: {"query": COMMON, "tag": "needle"}),
    "search, common word, board without it": ("search", lambda turn: {"query": COMMON, "board": 2}),
    "search, rare word": ("search", lambda turn: {"query": RARE[turn % 5], "limit": 5}),
    "search, common and rare word": ("search", lambda turn: {"query": f"{COMMON} {RARE[turn % 5]}", "limit": 5}),
    "search, common word and a typing error": ("search", lambda turn: {"query": f"{COMMON} xyzzy"}),
    "search, first three letters of a word": ("search", lambda turn: {"query": COMMON[:3]}),
    "search, one letter": ("search", lambda turn: {"query": COMMON[:1]}),
}


def measure() -> list[Figure]:
    """Each call at both sizes, in turns, by processor time; the cache is off. Tells which statement took most.
    With `--full` only: the boards take a minute to fill.
    """
    if not full():
        return []
    with ExitStack() as stack:
        apps = [stack.enter_context(seeded(size)) for size in (SMALL, LARGE)]
        for app, size in zip(apps, (SMALL, LARGE), strict=True):
            _mark(app, size)
        return [asyncio.run(_grown(apps, question)) for question in CALLS]


def _mark(app: App, size: int) -> None:
    """A tag and a parent of five tasks each, far apart; and a second board where all work is someone's."""

    def few() -> None:
        app.services.boards.create_board("Assigned")
        for number in range(5):
            app.services.tags.tag_task(size * (number + 1) // 6, ["needle"])
            app.services.tasks.create_task(title=f"part {number}", board=1, parent_id=1)

    def owned(start: int, stop: int) -> None:
        for number in range(start, stop):
            app.services.tasks.create_task(
                title=f"owned {number}", board=2, status="todo", assignee=f"person {number % 10}"
            )

    app.writer.submit(few, caller=Caller("seed")).result()
    for start in range(0, size // 10, CHUNK):
        app.writer.submit(partial(owned, start, min(start + CHUNK, size // 10)), caller=Caller("seed")).result()


async def _grown(apps: list[App], question: str) -> Figure:
    operation, arguments = CALLS[question]
    samples: list[list[float]] = [[] for _ in apps]
    for turn in range(ROUNDS):
        for app, seconds in zip(apps, samples, strict=True):
            began = process_time()
            await app.runner.call(operation, arguments(turn), actor="bench")
            seconds.append(process_time() - began)
    small, large = (median(seconds) * 1e6 for seconds in samples)
    detail = f"{small:.0f} and {large:.0f} us, most in {await _slowest(apps[-1], operation, arguments(0))}"
    return Figure(f"{question}: {LARGE} tasks / {SMALL}", large / small, "times", 2.0, "at most", detail)


async def _slowest(app: App, operation: str, arguments: dict[str, Any]) -> str:
    """The name of the statement in which a call spends most."""
    spent: list[tuple[float, str]] = []
    usual = app.database.on_query
    app.database.on_query = lambda name, _, seconds, *rest: spent.append((seconds, name))
    try:
        await app.runner.call(operation, arguments, actor="bench")
    finally:
        app.database.on_query = usual
    return max(spent)[1]
