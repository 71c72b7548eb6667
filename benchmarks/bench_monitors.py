"""What does it cost a server to be watched: by monitors of calls and statements, of memory and leaks, by a profile?"""

import asyncio
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.raw_client import EMPTY, RawClient
from benchmarks.report import Figure
from benchmarks.workload import seed, seeded
from kanban_mcp.app import App, open_app
from kanban_mcp.diagnostics.ticker import SECONDS
from kanban_mcp.settings import Settings

TASKS = 1500
"""Asked for in turn, none of so many is in the cache."""
ROUNDS, CALLS = 200, 50
TICKS = 20
PROFILES, BESIDE = 5, 100


def measure() -> list[Figure]:
    """Calls of a server over stdio with and without monitors; looks of the monitors, and a profile, within one."""
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as app:
            seed(app, TASKS)
        server = RawClient([*EMPTY, str(db)])
        figures = [_watched(server, "get_task", 1, 0.97), _watched(server, "get_task, not kept,", TASKS, None)]
        server.close()
    with seeded(TASKS) as app:
        return [*figures, _ticking(app), asyncio.run(_profiled(app))]


def _watched(server: RawClient, question: str, tasks: int, bar: float | None) -> Figure:
    """By the processor time of one server, which has its monitors in every second round."""
    rounds: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS):
        on = turn % 2 == 1
        before = server.call("watch", on=on)["seconds"]
        for number in range(CALLS):
            server.call("get_task", task_id=1 + (turn * CALLS + number) % tasks)
        rounds[on].append((server.call("watch", on=on)["seconds"] - before) / CALLS)
    without, watched = (median(seconds) for seconds in rounds)
    detail = f"{watched * 1e6:.1f} and {without * 1e6:.1f} us of processor time a call"
    return Figure(f"{question} with monitors / without", without / watched, "times", bar, "at least", detail)


def _ticking(app: App) -> Figure:
    """Looks at calls, memory and leaks, as they are taken every thirty seconds."""
    app.watch.memory.tick()
    seconds = []
    for _ in range(TICKS):
        before = process_time()
        app.watch.calls.tick()
        app.watch.memory.tick()
        seconds.append(process_time() - before)
    share = median(seconds) / SECONDS * 100
    return Figure("looks at memory, leaks and calls: share of a core", share, "%", 0.1, detail=f"every {SECONDS:g} s")


async def _profiled(app: App) -> Figure:
    """Calls of get_board from the file, beside a profile and without."""
    beside: list[float] = []
    without: list[float] = []
    for _ in range(PROFILES):
        without.append(await _typical(app))
        profile = asyncio.create_task(app.runner.call("profile", {"seconds": 0.3}, actor="bench"))
        beside.append(await _typical(app))
        await profile
    return Figure("get_board beside a profile / without", median(beside) / median(without), "times")


async def _typical(app: App) -> float:
    """Median seconds of a call."""
    seconds = []
    for _ in range(BESIDE):
        began = perf_counter()
        await app.runner.call("get_board", {}, actor="bench")
        seconds.append(perf_counter() - began)
    return median(seconds)
