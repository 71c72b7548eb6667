"""How many tasks are created a second: by 1, 10 and 50 callers in one process, and by four processes on one file?"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.report import Figure
from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

CALLERS = (1, 10, 50)
PROCESSES = 4
CREATED = 200
ROUNDS = 3


def measure() -> list[Figure]:
    """Tasks a second. What one caller does is the measure of the others; each round has a file of its own."""
    samples: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for callers in CALLERS:
            samples.setdefault(f"{callers} callers in one process", []).append(_one_process(callers))
        samples.setdefault(f"{PROCESSES} processes of one caller", []).append(_processes(1))
        samples.setdefault(f"{PROCESSES} processes of ten callers", []).append(_processes(10))
    rates = {question: median(found) for question, found in samples.items()}
    alone = rates[f"{CALLERS[0]} callers in one process"]
    return [
        Figure(f"create_task, {question}", rate, "a second", detail=f"{rate / alone:.2f} times one caller")
        for question, rate in rates.items()
    ]


def _one_process(callers: int) -> float:
    with TemporaryDirectory() as folder, _opened(Path(folder) / "bench.db") as app:
        return CREATED / asyncio.run(_create(app, callers))


def _processes(callers: int) -> float:
    """The tasks of all processes, by the time from the common start to the last one's end."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        db = Path(folder) / "bench.db"
        with _opened(db):
            pass
        command = [sys.executable, "-m", "benchmarks.bench_callers", str(db), str(callers)]
        root = Path(__file__).parent.parent
        workers = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True)
            )
            for _ in range(PROCESSES)
        ]
        for worker in workers:
            assert worker.stdout
            worker.stdout.readline()
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("go\n")
            worker.stdin.flush()
        began = perf_counter()
        created = sum(int(worker.communicate()[0]) for worker in workers)
        return created / (perf_counter() - began)


@contextmanager
def _opened(db: Path) -> Iterator[App]:
    """An app over a file with a board."""
    with open_app(Settings(db=db)) as app:
        app.writer.submit(lambda: app.services.boards.create_board("Bench"), caller=Caller("bench")).result()
        yield app


async def _create(app: App, callers: int) -> float:
    """Seconds for all, each caller waiting for its answer before the next."""

    async def caller(number: int) -> None:
        for turn in range(CREATED // callers):
            await app.runner.call("create_task", {"title": f"task {turn} of {number}"}, actor=f"agent {number}")

    began = perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    return perf_counter() - began


if __name__ == "__main__":
    with open_app(Settings(db=Path(sys.argv[1]))) as _app:
        print("ready", flush=True)
        sys.stdin.readline()
        asyncio.run(_create(_app, int(sys.argv[2])))
        print(CREATED, flush=True)
