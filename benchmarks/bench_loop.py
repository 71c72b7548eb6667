"""Is the event loop held over 20 ms, over stdio and over HTTP, while 64 write, two search and the file is backed up?

For part of what it came late by, the loop was ready and had no processor: callers, searches and the writer want them
too. That is told apart from what the server does itself, which is to run, or to wait for the interpreter or a lock; who
has that may be without a processor too, where other processes take much of the machine, which is told as well.
"""

import asyncio
import itertools
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter
from typing import NamedTuple

import psutil

from benchmarks.http_client import HttpServer, free_port
from benchmarks.loop_clients import Connection, Pipe, Tools
from benchmarks.loop_server import Look
from benchmarks.report import Figure, full
from benchmarks.workload import WORDS, seed
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

WRITERS = 64
SEARCHERS = 2
PAUSE = 0.05
"""Seconds between two calls of a writer, on average: most of a thousand writes a second in all."""
BAR = 20


class Load(NamedTuple):
    """What is asked for: on so many tasks, until a time. `reads` gets the seconds that each read of a task took."""

    tasks: int
    until: float
    reads: list[float]


def measure() -> list[Figure]:
    """The longest holds over both transports; a task that is read meanwhile tells what they mean to callers."""
    tasks, seconds = (1_000_000, 20.0) if full() else (10_000, 4.0)
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as app:
            seed(app, tasks)
        figures = [_held(transport, db, tasks, seconds) for transport in ("stdio", "HTTP")]
    return [figure for found in figures for figure in found]


def _held(transport: str, db: Path, tasks: int, seconds: float) -> list[Figure]:
    found = db.with_name(f"looks over {transport}")
    command = [sys.executable, "-m", "benchmarks.loop_server", str(db), str(found)]
    before = _taken()
    began, reads = asyncio.run((_over_pipes if transport == "stdio" else _over_http)(command, tasks, seconds))
    everyone, ourselves = (after - taken for after, taken in zip(_taken(), before, strict=True))
    looks = [look for look in (Look(*each) for each in json.loads(found.read_text())) if began < look.at]
    return _figures(f"{transport}, {tasks} tasks", looks[:-1], reads, 1 - ourselves / everyone)


def _taken() -> tuple[float, float]:
    """Seconds of all processors that were taken so far, by everyone, and by this process and its servers that ended."""
    machine, ours = psutil.cpu_times(), os.times()
    return sum(machine[:3]), sum(ours[:4])


async def _over_pipes(command: list[str], tasks: int, seconds: float) -> tuple[float, list[float]]:
    async with Pipe.to(command) as pipe:
        return await _loaded([pipe] * (WRITERS + SEARCHERS + 2), tasks, seconds)


async def _over_http(command: list[str], tasks: int, seconds: float) -> tuple[float, list[float]]:
    port = free_port()
    with closing(HttpServer([*command, str(port)], port)):
        async with _connected(port, WRITERS + SEARCHERS + 2) as connections:
            return await _loaded(connections, tasks, seconds)


@asynccontextmanager
async def _connected(port: int, count: int) -> AsyncIterator[list[Tools]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Connection.to(port)) for _ in range(count)]


async def _loaded(callers: list[Tools], tasks: int, seconds: float) -> tuple[float, list[float]]:
    """When the load began, by the clock of all processes, and how long a task took to read."""
    for caller in callers:
        await caller.call("get_task", task_id=1)
    began, load = monotonic(), Load(tasks, perf_counter() + seconds, [])
    backing, reading, *others = callers
    await asyncio.gather(
        backing.call("backup", file=f"copy {began}.db"),
        _read(reading, load),
        *[_write(caller, number, load) for number, caller in enumerate(others[:WRITERS])],
        *[_search(caller, number, load) for number, caller in enumerate(others[WRITERS:])],
    )
    return began, load.reads


async def _write(caller: Tools, number: int, load: Load) -> None:
    """A task is made, one is changed, in turns."""
    chance = random.Random(number)
    for turn in itertools.count():
        await asyncio.sleep(chance.uniform(0, 2 * PAUSE))
        if perf_counter() > load.until:
            return
        if turn % 2:
            await caller.call("update_task", task_id=chance.randint(1, load.tasks), priority=turn % 11)
        else:
            await caller.call("create_task", title=f"{number} {turn}", description="x " * 100)


async def _search(caller: Tools, number: int, load: Load) -> None:
    """Common words, one after the other."""
    while perf_counter() < load.until:
        number += 1
        await caller.call("search", query=f"{WORDS[number % 20]} {WORDS[0]}", limit=100)


async def _read(caller: Tools, load: Load) -> None:
    while (began := perf_counter()) < load.until:
        await caller.call("get_task", task_id=1 + len(load.reads) % 1000)
        load.reads.append(perf_counter() - began)
        await asyncio.sleep(0.005)


def _figures(what: str, looks: list[Look], reads: list[float], others: float) -> list[Figure]:
    longest, own = max(looks, key=lambda look: look.late), max(looks, key=lambda look: look.late - look.ready)
    most = f"99 % below {_most([look.late for look in looks]):.1f} ms of {len(looks)} looks"
    machine = f"other processes took {max(0.0, others):.0%} of the processor time"
    return [
        Figure(
            f"{what}: the loop came late by", longest.late * 1e3, "ms", BAR, "at most", f"{_parts(longest)}; {most}"
        ),
        Figure(
            f"{what}: held by the server itself",
            (own.late - own.ready) * 1e3,
            "ms",
            BAR,
            "at most",
            f"{_parts(own)}; {machine}",
        ),
        Figure(f"{what}: get_task meanwhile, 99 %", _most(reads), "ms", detail=f"{len(reads)} reads"),
    ]


def _parts(look: Look) -> str:
    ran, ready, stood = (seconds * 1e3 for seconds in (look.ran, look.ready, look.late - look.ran - look.ready))
    return f"ran {ran:.1f}, waited {ready:.1f} for a processor, {max(0.0, stood):.1f} for other threads"


def _most(seconds: list[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[-1] * 1e3
