"""What does committing in groups gain, and how many writes a second are there?"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Literal

from benchmarks.report import Figure
from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

WRITERS = 64
WRITES = 640
ROUNDS = 5

Durability = Literal["normal", "full"]


def measure() -> list[Figure]:
    """Writes a second of many writers, in groups and one by one."""
    return [*_gain("full", 3.0), *_gain("normal", 1.0)]


def _gain(durability: Durability, bar: float) -> list[Figure]:
    with _opened(durability, 100) as grouped, _opened(durability, 1) as single:
        sizes: list[int] = []
        grouped.writer.on_group = lambda sample: sizes.append(sample.size)
        samples: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for app, seconds in zip((grouped, single), samples, strict=True):
                seconds.append(asyncio.run(_write(app)))
    together, alone = (WRITES / median(seconds) for seconds in samples)
    detail = f"{together:.0f} against {alone:.0f} writes/s, mean group {sum(sizes) / len(sizes):.1f}"
    question = f"{WRITERS} writers, durability {durability}: groups / one commit each"
    return [Figure(question, together / alone, "times", bar, "at least", detail)]


@contextmanager
def _opened(durability: Durability, batch: int) -> Iterator[App]:
    with TemporaryDirectory() as folder:
        settings = Settings(db=Path(folder) / "bench.db", durability=durability, batch_size=batch)
        with open_app(settings) as app:
            app.writer.submit(lambda: app.services.boards.create_board("Bench"), caller=Caller("bench")).result()
            yield app


async def _write(app: App) -> float:
    """Seconds for all writes, each writer waiting for its answer before the next."""

    async def writer(number: int) -> None:
        for turn in range(WRITES // WRITERS):
            await app.runner.call("add_note", {"task_id": 1, "content": f"{number} {turn}"}, actor="bench")

    await app.runner.call("create_task", {"title": "noted"}, actor="bench")
    began = perf_counter()
    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return perf_counter() - began
