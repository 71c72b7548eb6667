"""What do answers weigh when they are compressed, and what does that take, beside Starlette's own middleware?"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.report import Figure, in_turns
from benchmarks.workload import seeded
from kanban_mcp.answers import compact
from kanban_mcp.app import App
from kanban_mcp.transport.rest.rows import whole
from kanban_mcp.transport.server.compression import Compression

ROUNDS = 41
WAYS: dict[str, Callable[[ASGIApp], ASGIApp]] = {
    "zstd": Compression,
    "br": Compression,
    "gzip": Compression,
    "gzip as Starlette has it": GZipMiddleware,
}


def measure() -> list[Figure]:
    """Pages of tasks as REST has them: the share of the plain answer that is sent, and the time that takes."""
    with seeded(1000) as app:
        pages = {limit: _answer(app, "list_tasks", limit=limit) for limit in (20, 100)}
    return [figure for limit, page in pages.items() for figure in _figures(f"page of {limit} tasks", page)]


def _answer(app: App, operation: str, **arguments: Any) -> bytes:
    value = asyncio.run(app.runner.call(operation, arguments, actor="bench"))
    return compact(whole(value)).encode()


def _figures(name: str, plain: bytes) -> list[Figure]:
    with asyncio.Runner() as runner:
        works = [partial(_sent, runner, way(_answering(plain)), words.partition(" ")[0]) for words, way in WAYS.items()]
        times = in_turns(works, ROUNDS)
        sizes = [work() for work in works]
    return [
        Figure(f"{name}: {words}", size / len(plain), "of plain", detail=f"{len(plain)} bytes, {seconds * 1e6:.0f} us")
        for words, size, seconds in zip(WAYS, sizes, times, strict=True)
    ]


def _answering(body: bytes) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(body, media_type="application/json")(scope, receive, send)

    return app


def _sent(runner: asyncio.Runner, app: ASGIApp, encoding: str) -> int:
    """The bytes that an answer has when a client accepts an encoding."""
    sizes: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sizes.append(len(message.get("body", b"")))

    async def ask() -> None:
        await app(scope, receive, send)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", encoding.encode())]}
    runner.run(ask())
    return sum(sizes)
