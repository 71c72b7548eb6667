"""A hundred users at once, and a thousand sockets: how soon are they answered and told, and what does it take?"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, TypeAlias

import psutil

from benchmarks.http_client import HttpClient, HttpServer, free_port
from benchmarks.live_clients import User, listeners, user
from benchmarks.report import Figure, full
from benchmarks.workload import seed
from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

TASKS = 1000
USERS = 100
PAUSE = 0.2
"""Seconds a user waits between requests; without any, the users measure how much the server can do in all."""
SOCKETS = 1000
DEAF = 50
A_SECOND = 20
"""Changes that the sockets hear of."""


_What: TypeAlias = Callable[[App, int, psutil.Process], Coroutine[Any, Any, list[Figure]]]


def measure() -> list[Figure]:
    """Each on a server of its own, over a file of its own."""
    return [*_measured(_load), *_measured(_live)]


def _measured(what: _What) -> list[Figure]:
    with TemporaryDirectory() as folder, open_app(Settings(db=Path(folder) / "bench.db")) as app:
        seed(app, TASKS)
        port = free_port()
        with _serving(app.settings.db, port) as process:
            return asyncio.run(what(app, port, process))


async def _load(app: App, port: int, process: psutil.Process) -> list[Figure]:
    # Long enough for caches and the connections of readers to be there: they are no growth.
    await _users(port, seconds=10.0 if full() else 2.0, pause=0.0)
    before = process.memory_info().rss
    length = 60.0 if full() else 4.0
    paced, statuses = await _users(port, seconds=length, pause=PAUSE)
    eager, more = await _users(port, seconds=length, pause=0.0)
    grown = process.memory_info().rss / before
    statuses += more
    failed = sum(count for status, count in statuses.items() if status >= 500)
    return [
        _answered(f"{USERS} users, {PAUSE:g} s between requests: p95", paced, length, 200),
        _answered(f"{USERS} users without a pause: p95", eager, length, None),
        Figure(f"{USERS} users: answers of 500 and above", failed, "", 0, "at most", str(dict(statuses))),
        Figure(f"{USERS} users: memory after / before", grown, "times", 1.3, "at most", f"{before / 2**20:.0f} MB"),
    ]


def _answered(question: str, seconds: list[float], length: float, bar: float | None) -> Figure:
    p50, p95, p99 = (_quantile(seconds, share) * 1000 for share in (0.5, 0.95, 0.99))
    detail = f"p50 {p50:.0f}, p99 {p99:.0f} ms; {len(seconds) / length:.0f} requests/s, 80 % reads"
    return Figure(question, p95, "ms", bar, "at most", detail)


async def _live(app: App, port: int, process: psutil.Process) -> list[Figure]:
    await app.runner.answer("create_board", {"name": "for those who do not read"}, caller=Caller("bench"))
    await listeners(port, 50, [], 1)
    before, ages = process.memory_info().rss, list[float]()
    there = await listeners(port, SOCKETS - DEAF - 50, ages, 1)
    each = (process.memory_info().rss - before) / len(there)
    deaf = await listeners(port, DEAF, [], 1, reads=False)
    length = 30.0 if full() else 4.0
    own = await _told(ages, _write_here(port, length))
    foreign = await _told(ages, _write_elsewhere(app, length))
    assert not any(listener.gone for listener in there)
    for listener in deaf:
        listener.transport.abort()
    figures = [_latency("on the same server", own), _latency("in another process", foreign)]
    return [*figures, Figure("memory of an idle socket", each / 1024, "KB", 60), await _closed(app, port)]


def _latency(where: str, ages: list[float]) -> Figure:
    p50, p95, p99 = (_quantile(ages, share) * 1000 for share in (0.5, 0.95, 0.99))
    detail = f"p50 {p50:.0f}, p99 {p99:.0f} ms; {len(ages)} frames, {A_SECOND} changes/s, {DEAF} do not read"
    return Figure(f"{SOCKETS} sockets, change {where}: p95", p95, "ms", 100, "at most", detail)


async def _closed(app: App, port: int) -> Figure:
    """How long sockets that do not read live on once there is much to tell them."""
    with contextlib.closing(HttpClient(port)) as client:
        asked = client.request("GET", "/api/performance")

        def there() -> int:
            return int(json.loads(client.send(asked)[1])["connections"]["websocket"])

        others = SOCKETS - DEAF
        while there() > others:  # noqa: ASYNC110 - the server tells it when it is asked
            await asyncio.sleep(0.1)
        await listeners(port, DEAF, [], 2, reads=False)
        began = perf_counter()
        writer = asyncio.ensure_future(_write_elsewhere(app, 20.0, board=2, size=20_000))
        while there() > others:
            assert not writer.done(), "sockets that do not read are still there"
            await asyncio.sleep(0.1)
        seconds = perf_counter() - began
        writer.cancel()
        await asyncio.wait([writer])
    detail = "filling the buffers of the system and the start of the writer are the first second or two of it"
    return Figure(f"{DEAF} sockets that do not read are closed after", seconds, "s", None, "at most", detail)


async def _told(ages: list[float], writing: Coroutine[Any, Any, None]) -> list[float]:
    ages.clear()
    await writing
    await asyncio.sleep(0.5)
    return list(ages)


async def _write_here(port: int, seconds: float) -> None:
    """Through the server that the sockets are connected to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = b'{"board":1,"title":"told"}'
    head = b"POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    until = perf_counter() + seconds
    while perf_counter() < until:
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1 / A_SECOND)
        await reader.read(65536)
    writer.close()


async def _write_elsewhere(app: App, seconds: float, board: int = 1, size: int = 0) -> None:
    """Through another process on the file."""
    command = ["-m", "benchmarks.live_writer", str(app.settings.db), *map(str, (seconds, A_SECOND, board, size))]
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def _users(port: int, *, seconds: float, pause: float) -> tuple[list[float], Counter[int]]:
    times, statuses = list[float](), Counter[int]()
    does = User(TASKS, perf_counter() + seconds, pause)
    await asyncio.gather(*(user(port, does, times, statuses, number) for number in range(USERS)))
    return times, statuses


@contextlib.contextmanager
def _serving(db: Path, port: int) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "kanban_mcp", "serve", "--db", str(db), "--port", str(port)]
    server = HttpServer(command, port)
    try:
        yield server.process
    finally:
        server.close()


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))] if values else 0.0
