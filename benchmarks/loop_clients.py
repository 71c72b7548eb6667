"""Callers of tools over pipes and over HTTP, many in one process."""

import asyncio
import contextlib
import itertools
import json
import re
import subprocess
from collections.abc import AsyncIterator
from typing import Any, Protocol, Self

_VERSION = "2026-07-28"
_META = {
    "io.modelcontextprotocol/protocolVersion": _VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_LONGEST = 1 << 24


class Tools(Protocol):
    """A way to call tools."""

    async def call(self, tool: str, **arguments: Any) -> None:
        """Call one and wait for its answer, which is no refusal."""


class Pipe:
    """A server's pipes: any number of calls may be under way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin, process.stdout
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, command: list[str]) -> AsyncIterator[Self]:
        """A server process, until the end of the block."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, limit=_LONGEST
        )
        pipe = cls(process)
        reading = asyncio.ensure_future(pipe._read())
        yield pipe
        pipe._to.close()
        await reading
        await process.wait()

    async def call(self, tool: str, **arguments: Any) -> None:
        """Call a tool, whatever else is under way."""
        number = next(self._numbers)
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._to.write(_message(number, tool, arguments) + b"\n")
        await answered

    async def _read(self) -> None:
        while line := await self._from.readline():
            _check(line)
            self._waiting.pop(json.loads(line)["id"]).set_result(None)


class Connection:
    """A connection to a server: one call after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, port: int) -> AsyncIterator[Self]:
        """A connection to this port, until the end of the block."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield cls(reader, writer)
        writer.close()
        await writer.wait_closed()

    async def call(self, tool: str, **arguments: Any) -> None:
        """Call a tool; nothing else is under way."""
        body = _message(1, tool, arguments)
        self._writer.write(
            f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nMCP-Protocol-Version: {_VERSION}\r\nMcp-Method: tools/call\r\n"
            f"Mcp-Name: {tool}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length, head
        _check(await self._reader.readexactly(int(length[1])))


def _message(number: int, tool: str, arguments: dict[str, Any]) -> bytes:
    params = {"name": tool, "arguments": arguments, "_meta": _META}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


def _check(answer: bytes) -> None:
    if b'"isError":false' not in answer:
        raise RuntimeError(answer[:1000])
