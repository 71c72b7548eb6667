"""How late is the event loop of a whole HTTP server under searches, a backup and 64 writers, collector and all?"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.http_client import HttpServer, free_port
from benchmarks.live_clients import Caller
from benchmarks.report import Figure, full
from benchmarks.workload import WORDS, seed
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

WRITERS = 64
SEARCHERS = 2
PAUSE = 0.2
"""Seconds between two writes of a writer: some hundreds a second in all, which leaves the processor time."""


def measure() -> list[Figure]:
    """How late the event loop was at worst, and in a hundredth of all cases."""
    tasks, seconds = (1_000_000, 30.0) if full() else (10_000, 4.0)
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as app:
            seed(app, tasks)
        return _figures(f"{tasks} tasks: event loop late", _late(Path(folder), db, tasks, seconds))


def _late(folder: Path, db: Path, tasks: int, seconds: float) -> list[float]:
    port, lags = free_port(), folder / "lags"
    command = [sys.executable, "-m", "benchmarks.lag_server", str(db), str(port), str(folder), str(lags)]
    server = HttpServer(command, port)
    try:
        asyncio.run(_load(port, tasks, perf_counter() + seconds))
    finally:
        server.close()
    found: list[float] = json.loads(lags.read_text())
    return found


async def _load(port: int, tasks: int, until: float) -> None:
    writers = [_write(port, tasks, number, until) for number in range(WRITERS)]
    searchers = [_search(port, number, until) for number in range(SEARCHERS)]
    await asyncio.gather(_back_up(port), *writers, *searchers)


async def _write(port: int, tasks: int, number: int, until: float) -> None:
    async with Caller(port) as caller:
        turn = 0
        while perf_counter() < until:
            turn += 1
            if turn % 2:
                await caller.ask("POST", "/api/tasks", {"title": f"{number} {turn}", "description": "x " * 100})
            else:
                await caller.ask("PATCH", f"/api/tasks/{1 + (number * 997 + turn) % tasks}", {"priority": turn % 11})
            await asyncio.sleep(PAUSE)


async def _search(port: int, number: int, until: float) -> None:
    """Common words, one after the other."""
    async with Caller(port) as caller:
        while perf_counter() < until:
            number += 1
            await caller.ask("GET", f"/api/search?query={WORDS[number % 20]}%20{WORDS[0]}&limit=100")


async def _back_up(port: int) -> None:
    async with Caller(port) as caller:
        await caller.ask("POST", "/api/backup", {"file": "copy.db"})


def _figures(what: str, late: list[float]) -> list[Figure]:
    ordered = sorted(late)
    p50, p99, worst = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.99, 1))
    load = f"searches, a backup, {WRITERS} writers; {len(ordered)} looks"
    return [
        Figure(f"{what} at worst", worst, "ms", 20, "at most", load),
        Figure(f"{what}: p99", p99, "ms", detail=f"median {p50:.1f} ms"),
    ]
