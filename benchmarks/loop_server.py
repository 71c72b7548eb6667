"""A server that measures how late its loop is: FILE FOUND [PORT]. Over stdio, or over HTTP where a port is named.

At its end it writes its looks at the loop to FOUND.
"""

import asyncio
import functools
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic, thread_time
from typing import NamedTuple

import anyio

from kanban_mcp.loading import loading

with loading():
    from kanban_mcp.app import assembled
    from kanban_mcp.opening import opening
    from kanban_mcp.settings import Settings
    from kanban_mcp.transport.server import http
    from kanban_mcp.transport.stdio import stdio

EVERY = 0.002
"""Seconds between two looks."""


class Look(NamedTuple):
    """How late the loop was, and what its thread did since the last look: it ran, or was ready and had no processor.

    In seconds; `at` is by the clock that all processes share.
    """

    at: float
    late: float
    ran: float
    ready: float


async def watched(looks: list[Look]) -> None:
    """Look again and again; on the thread of the loop."""
    ready_seconds = _waited_for_a_processor()
    ready, ran, at = ready_seconds(), thread_time(), monotonic()
    while True:
        await asyncio.sleep(EVERY)
        last = ready, ran, at
        ready, ran, at = ready_seconds(), thread_time(), monotonic()
        looks.append(Look(at, at - last[2] - EVERY, ran - last[1], ready - last[0]))


def _waited_for_a_processor() -> Callable[[], float]:
    """How many seconds this thread was ready and did not run, asked again and again: Linux tells it in nanoseconds."""
    statistics = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
    return lambda: int(os.pread(statistics, 80, 0).split()[1]) / 1e9


async def _served(looks: list[Look], serve: Callable[[], Awaitable[None]]) -> None:
    watching = asyncio.ensure_future(watched(looks))
    await serve()
    watching.cancel()


def main(db: str, found: str, port: str = "") -> None:
    """Serve until the client leaves, or a signal asks for the end."""
    looks: list[Look] = []
    settings = Settings(db=Path(db), port=int(port or 0), files=Path(db).parent, toolsets=("all",), rate_limit=0)
    with opening(settings) as opened:
        app = functools.partial(assembled, opened)
        serve = functools.partial(http.serve, app()) if port else functools.partial(stdio.serve_app, settings, app)
        anyio.run(_served, looks, serve)
    Path(found).write_text(json.dumps(looks))


if __name__ == "__main__":
    main(*sys.argv[1:])
