"""Clients by the hundred in one process: users who read and write, and sockets that listen or do not read."""

import asyncio
import json
import random
import re
import socket
from collections import Counter
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple, Self, cast

_AT = re.compile(rb'"at":"([^"]+)"')
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_PING, _PONG = 0x89, 0x8A
SMALL_BUFFER = 8192


class Listener(asyncio.Protocol):
    """A WebSocket that notes how old the oldest change of each frame is when it comes."""

    def __init__(self, boards: list[int], ages: list[float], *, reads: bool = True) -> None:
        self.up = asyncio.get_running_loop().create_future()
        self.gone = False
        self._ages = ages
        self._reads = reads
        asked = json.dumps({"type": "subscribe", "rooms": [f"board:{board}" for board in boards]}).encode()
        ping = b'{"type":"ping"}'
        self._hello = b"".join(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text for text in (asked, ping))
        self._buffer = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(asyncio.Transport, transport)
        if not self._reads:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.transport.write(_UPGRADE)

    def data_received(self, data: bytes) -> None:
        """Take frames as they come: a listener needs no more than their length and time."""
        self._buffer += data
        if not self._upgraded:
            head, found, self._buffer = self._buffer.partition(b"\r\n\r\n")
            assert found and head.startswith(b"HTTP/1.1 101"), head
            self._upgraded = True
            self.transport.write(self._hello)
        while (frame := self._frame()) is not None:
            kind, content = frame
            if kind == _PING:
                self.transport.write(bytes([_PONG, 0x80 | len(content), 0, 0, 0, 0]) + content)
            else:
                self._take(content)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server let go."""
        self.gone = True
        if not self.up.done():
            self.up.set_exception(ConnectionError("The server let go before it answered."))

    def _take(self, frame: bytes) -> None:
        if frame.startswith(b'{"type":"pong"'):
            self.up.set_result(None)
            if not self._reads:
                self.transport.pause_reading()
        elif frame.startswith(b'{"type":"batch"') and (at := _AT.search(frame)) is not None:
            made = datetime.fromisoformat(at[1].decode())
            self._ages.append((datetime.now(UTC) - made).total_seconds())

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame in the buffer: its first byte, and what it carries."""
        if len(self._buffer) < 2:
            return None
        length, start = self._buffer[1], 2
        if length == 126:
            length, start = int.from_bytes(self._buffer[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(self._buffer[2:10], "big"), 10
        if len(self._buffer) < start + length:
            return None
        kind, content = self._buffer[0], self._buffer[start : start + length]
        self._buffer = self._buffer[start + length :]
        return kind, content


async def listeners(port: int, count: int, ages: list[float], *boards: int, reads: bool = True) -> list[Listener]:
    """So many sockets in the rooms of boards, all in force."""
    loop, found = asyncio.get_running_loop(), []
    for _ in range(count):
        _, listener = await loop.create_connection(lambda: Listener(list(boards), ages, reads=reads), "127.0.0.1", port)
        await listener.up
        found.append(listener)
    return found


class User(NamedTuple):
    """What a user does: on so many tasks, until a time, pausing so many seconds on average."""

    tasks: int
    until: float
    pause: float


class Caller:
    """One connection, a request after the other."""

    def __init__(self, port: int, name: str = "bench") -> None:
        self._port = port
        self._name = name

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def ask(self, method: str, path: str, body: object = None) -> int:
        """The status of the answer."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Actor: {self._name}\r\n"
        if content:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        self._writer.write(head.encode() + b"\r\n" + content)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if (length := _LENGTH.search(answer)) is not None:
            await self._reader.readexactly(int(length[1]))
        return int(answer[9:12])


async def user(port: int, does: User, seconds: list[float], statuses: Counter[int], seed: int) -> None:
    """Four reads for each write, one after the other on one connection."""
    chance = random.Random(seed)
    async with Caller(port, f"user{seed}") as caller:
        while perf_counter() < does.until:
            if does.pause:
                await asyncio.sleep(chance.uniform(0, 2 * does.pause))
            method, path, body = _chosen(chance, does.tasks)
            began = perf_counter()
            status = await caller.ask(method, path, body)
            seconds.append(perf_counter() - began)
            statuses[status] += 1


def _chosen(chance: random.Random, tasks: int) -> tuple[str, str, object]:
    task = chance.randint(1, tasks)
    if chance.random() < 0.8:
        reads = (
            f"/api/tasks/{task}",
            "/api/tasks?board=1&limit=20",
            "/api/boards/1",
            "/api/search?query=index&limit=10",
        )
        return "GET", chance.choices(reads, (5, 2, 2, 1))[0], None
    writes = (
        ("POST", "/api/tasks", {"board": 1, "title": "under load"}),
        ("PATCH", f"/api/tasks/{task}", {"priority": chance.randint(0, 10)}),
        ("POST", f"/api/tasks/{task}/notes", {"content": "seen under load"}),
    )
    return chance.choice(writes)
