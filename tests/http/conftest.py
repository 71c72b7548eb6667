"""The HTTP server on a port of its own: in a thread over the test's app, or as a process."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx2
import pytest

from kanban_mcp.app import App
from kanban_mcp.transport.server.asgi import site
from kanban_mcp.transport.server.http import HttpServer

PATIENCE = 30
"""Seconds after which a server that does not answer hangs."""


@contextlib.contextmanager
def serving(app: App, **options: float) -> Iterator[str]:
    """A server over an open app, in a thread; its address, such as `http://127.0.0.1:4711`."""
    # With the protocol named, as servers of a host and port have it: else asyncio leaves Nagle's delays on.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = HttpServer(app, **options)
        # Clients queue at the socket until the server takes them, so nobody waits for it to be up.
        thread = threading.Thread(target=anyio.run, args=(server.serve, [listening]))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@contextlib.contextmanager
def process(db: Path, *flags: str, env: dict[str, str] | None = None, port: int | None = None) -> Iterator[str]:
    """A server as a process on a file, once it answers; its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "kanban_mcp", "serve", "--port", str(port), "--db", str(db), *flags]
    child = subprocess.Popen(command, env={**os.environ, **(env or {})})
    try:
        answering(port, child)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(PATIENCE)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def answering(port: int, child: "subprocess.Popen[bytes]") -> None:
    """Wait until a server takes connections; an error when it ended instead."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert child.poll() is None, "the server did not start"
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), PATIENCE):
            return
        assert time.monotonic() < deadline, "the server did not start in time"


def routes(app: App) -> list[str]:
    """Every path that the application has, with something for its parameters, and one it has not."""
    return ["/nowhere", *(re.sub(r"\{\w+(:\w+)?\}", "1", path) for path in site(app).paths)]


@pytest.fixture
def server(app: App) -> Iterator[str]:
    """The address of a server over the test's app."""
    with serving(app) as url:
        yield url


@pytest.fixture
async def client(server: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of it. Without TLS, for which each would read the certificates of the machine: 30 ms of its time."""
    async with httpx2.AsyncClient(base_url=server, timeout=PATIENCE, verify=False) as opened:
        yield opened
