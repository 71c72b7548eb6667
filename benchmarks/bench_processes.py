"""What do several processes on one file cost each other, and how soon do they hear of each other?"""

import asyncio
import json
import random
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import process_time, time

import anyio

from benchmarks.report import Figure
from benchmarks.workload import seed
from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings

PROCESSES = 8
CALLS = 400
THINKING = 0.002
NEWS = 150
IDLE_SECONDS = 3.0


def measure() -> list[Figure]:
    """Tail of writes and the log beside eight processes; news and idle cost beside one."""
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as app:
            seed(app, 1000)
        return [*_throughput(db), *_mixed(db), *_news(db), asyncio.run(_idle(db))]


def _throughput(db: Path) -> list[Figure]:
    """Calls a second of more and more processes in all, without a pause between calls."""
    figures = []
    for count in (1, 2, 4, 8):
        workers = [_worker("busy", db, str(number)) for number in range(count)]
        seconds = max(json.loads(worker.communicate()[0])["seconds"] for worker in workers)
        figures.append(Figure(f"{count} processes, 80 % reads: calls", count * CALLS / seconds, "/s"))
    return figures


def _mixed(db: Path) -> list[Figure]:
    workers = [_worker("mixed", db, str(number)) for number in range(PROCESSES)]
    reports = [json.loads(worker.communicate()[0]) for worker in workers]
    writes = [seconds for report in reports for seconds in report["writes"]]
    failed = sum(report["failed"] for report in reports)
    with open_app(Settings(db=db)) as app:
        log = app.database.place.log_bytes() / 1e6
    tail = quantiles(writes, n=100)[98] * 1000
    question = f"{PROCESSES} processes, 80 % reads"
    return [
        Figure(f"{question}: failed operations", failed, "", 0, "at most", f"of {PROCESSES * CALLS}"),
        Figure(f"{question}: p99 of a write", tail, "ms", 50, "at most", f"{len(writes)} writes"),
        Figure(f"{question}: log afterwards", log, "MB", 16, "at most"),
    ]


def _news(db: Path) -> list[Figure]:
    """From the commit in one process to a listener in another."""
    listener = _worker("listen", db, str(NEWS))
    assert listener.stdout
    listener.stdout.readline()
    asyncio.run(_tell(db))
    delays = json.loads(listener.communicate()[0])
    tail = quantiles(delays, n=100)[98] * 1000
    detail = f"median {quantiles(delays, n=2)[0] * 1000:.0f} ms"
    return [Figure("news from another process: p99", tail, "ms", 100, "at most", detail)]


async def _tell(db: Path) -> None:
    with open_app(Settings(db=db)) as app:
        for _ in range(NEWS):
            await app.runner.call("add_note", {"task_id": 1, "content": "news"}, actor="teller")
            await anyio.sleep(random.uniform(0.005, 0.05))


async def _idle(db: Path) -> Figure:
    """The share of a core that waiting for news takes."""
    with open_app(Settings(db=db)) as app:
        last = await _head(app)
        before = process_time()
        await app.runner.call("list_changes", {"since": last, "wait": IDLE_SECONDS}, actor="idle")
        share = (process_time() - before) / IDLE_SECONDS * 100
    return Figure("waiting for news: share of a core", share, "%", 0.5, "at most")


async def _head(app: App) -> int:
    return int((await app.runner.call("get_health", {}, actor="bench"))["last_seq"])


def _worker(role: str, db: Path, argument: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "benchmarks.bench_processes", role, str(db), argument]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)


async def _work(app: App, number: int, pause: float) -> None:
    """Four reads to a write, with a pause between, such as a quick agent makes."""
    chance, writes, failed, started = random.Random(number), [], 0, time()
    for _ in range(CALLS):
        task = chance.randrange(1, 1000)
        reading = chance.random() < 0.8
        operation = chance.choice(("get_task", "list_tasks")) if reading else "add_note"
        arguments: dict[str, dict[str, object]] = {
            "get_task": {"task_id": task},
            "list_tasks": {},
            "add_note": {"task_id": task, "content": "x"},
        }
        began = time()
        try:
            await app.runner.call(operation, arguments[operation], actor=f"agent {number}")
        except Exception:
            failed += 1
        if not reading:
            writes.append(time() - began)
        await anyio.sleep(pause)
    print(json.dumps({"writes": writes, "failed": failed, "seconds": time() - started}))


async def _listen(app: App, count: int) -> None:
    """Delays between a change's own time and its arrival; both processes have the same clock."""
    since = await _head(app)
    delays: list[float] = []
    print("ready", flush=True)
    while len(delays) < count:
        page = await app.runner.call("list_changes", {"since": since, "wait": 30, "limit": 100}, actor="listener")
        arrived = time()
        delays += [arrived - _moment(row[1]) for row in page["rows"]]
        since = int(page["next"])
    print(json.dumps(delays))


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    _role, _db, _argument = sys.argv[1:]
    with open_app(Settings(db=Path(_db))) as _app:
        if _role == "listen":
            asyncio.run(_listen(_app, int(_argument)))
        else:
            asyncio.run(_work(_app, int(_argument), THINKING if _role == "mixed" else 0))
