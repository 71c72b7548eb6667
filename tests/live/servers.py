"""The HTTP server as a process, and what speaks to it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from websockets.asyncio.client import ClientConnection, connect

from tests.transport.clients import PATIENCE, Agent

READY = "kanban-mcp: serving on "


class Running:
    """A server that answers."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, db: Path) -> None:
        self.process = process
        self.db = db
        self.url = url

    def stop(self) -> str:
        """Ask it to end, and wait for that; what it said on stderr since it was ready."""
        self.process.terminate()
        return self.process.communicate(timeout=PATIENCE)[1]


@contextlib.contextmanager
def serving(db: Path, *flags: str, through: Sequence[str] = (), **variables: object) -> Iterator[Running]:
    """A server on a file, and on a free port unless `variables`, which are settings by name, say another.

    `through` is the command that starts it, if there is one.
    """
    settings = {f"KANBAN_{name.upper()}": str(value) for name, value in {"port": 0, **variables}.items()}
    process = subprocess.Popen(
        [*through, sys.executable, "-m", "kanban_mcp", "serve", "--db", str(db), *flags],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        assert said.startswith(READY), said
        yield Running(process, said.removeprefix(READY).strip(), db)
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=PATIENCE)
        process.stderr.close()


class Ear:
    """A client of `/ws`."""

    def __init__(self, connection: ClientConnection, welcome: dict[str, Any]) -> None:
        self.connection = connection
        self.welcome = welcome

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps(message))

    async def subscribe(self, *rooms: str, **more: Any) -> list[dict[str, Any]]:
        """Subscribe; what came until that was in force, such as what was missed."""
        await self.say(type="subscribe", rooms=rooms, **more)
        await self.say(type="ping")
        heard = []
        while (message := await self.next())["type"] != "pong":
            heard.append(message)
        return heard

    async def next(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def changes(self, count: int) -> list[dict[str, Any]]:
        """The next so many changes."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            batch = await self.next()
            assert batch["type"] == "batch", batch
            found += batch["messages"]
        return found


@contextlib.asynccontextmanager
async def listening(url: str, **options: Any) -> AsyncIterator[Ear]:
    """A WebSocket of a server, welcomed."""
    async with connect(url.replace("http://", "ws://") + "/ws", compression=None, **options) as connection:
        yield Ear(connection, json.loads(await connection.recv()))


class Deaf:
    """A client that asks for a WebSocket and a room, and then never reads."""

    def __init__(self, url: str, board: int) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        asked = json.dumps({"type": "subscribe", "rooms": [f"board:{board}"]}).encode()
        self._socket.sendall(
            b"GET /ws HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            % (host.encode(), port.encode())
        )
        assert self._socket.recv(12) == b"HTTP/1.1 101"
        self._socket.sendall(bytes([0x81, 0x80 | len(asked), 0, 0, 0, 0]) + asked)

    def __enter__(self) -> socket.socket:
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@contextlib.asynccontextmanager
async def over_http(
    url: str, *, mode: Literal["auto", "legacy"] = "auto", key: str | None = None
) -> AsyncIterator[Client]:
    """A client over Streamable HTTP."""
    async with httpx2.AsyncClient(headers=bearing(key), timeout=PATIENCE, verify=False) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=PATIENCE) as client:
            yield client


def over_sse(url: str, *, key: str | None = None) -> Client:
    """A client over the older SSE."""
    transport = sse_client(f"{url}/sse", headers=bearing(key))
    return Client(transport, mode="legacy", read_timeout_seconds=PATIENCE)


def bearing(key: str | None) -> dict[str, str]:
    """The header that brings a key, if there is one."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


@contextlib.asynccontextmanager
async def agent(client: AbstractAsyncContextManager[Client]) -> AsyncIterator[Agent]:
    """An agent, connected."""
    async with client as connected:
        yield Agent(connected)
