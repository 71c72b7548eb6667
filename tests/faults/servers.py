"""Servers as bare processes: fast to talk to, and there to be killed."""

import asyncio
import json
import os
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, Protocol

import anyio
from anyio.abc import Process

from kanban_mcp.store.gate import Gate

PATIENCE = 60
"""Seconds after which something that should end hangs."""


class Refused(Exception):
    """A call was refused; `error` is what the server said."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


class Gone(Exception):
    """The server ended, or is about to, before it answered."""


class Server:
    """A server process, spoken to in bare lines; calls may be made at once, answers come as they will."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._sent = 0
        self._ended = False
        self._reading = asyncio.create_task(self._read())

    async def __call__(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation. Raises Refused or Gone."""
        answer = await self.ask("tools/call", {"name": operation, "arguments": arguments})
        result: dict[str, Any] = answer["structuredContent"]
        if answer["isError"]:
            raise Refused(result)
        return result

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a request of the protocol."""
        self._sent += 1
        number = self._sent
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        with anyio.fail_after(PATIENCE):
            return await answer

    async def greet(self) -> None:
        """The handshake: the server is up when this returns."""
        client = {"name": "pytest", "version": "1"}
        await self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def leave(self) -> int:
        """Close the server's stdin, as a client does that is done; the exit code."""
        assert self.process.stdin is not None
        await self.process.stdin.aclose()
        return await self.ended()

    async def ended(self) -> int:
        """The exit code, once the process has ended."""
        with anyio.fail_after(PATIENCE):
            return await self.process.wait()

    async def close(self) -> None:
        """Make sure that the process is gone."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.aclose()
        await self._reading

    async def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            await self.process.stdin.send(json.dumps(message).encode() + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._end()
        if self._ended:
            raise Gone

    async def _read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        try:
            async for chunk in self.process.stdout:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        self._end()

    def _take(self, message: dict[str, Any]) -> None:
        answer = self._answers.pop(message["id"])
        if answer.done():
            return
        if "error" in message:
            answer.set_exception(Gone(message["error"]["message"]))
        else:
            answer.set_result(message["result"])

    def _end(self) -> None:
        self._ended = True
        while self._answers:
            _, answer = self._answers.popitem()
            if not answer.done():
                answer.set_exception(Gone())
                answer.exception()  # who asked may have gone, too


class Serve(Protocol):
    """Starts a server on the test's file and greets it."""

    async def __call__(self, *flags: str, env: dict[str, str] | None = None) -> Server: ...


class Table(Protocol):
    """The rows of a statement on the test's file, which no server of this test process holds open."""

    def __call__(self, sql: str) -> list[dict[str, Any]]: ...


def command(db: Path, *flags: str) -> list[str]:
    """The command line of a server."""
    return [sys.executable, "-m", "kanban_mcp", "--db", str(db), *flags]


async def spawn(arguments: list[str], env: dict[str, str] | None = None) -> Process:
    """A child whose stdin and stdout are pipes; without KANBAN_ variables but those given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KANBAN_")}
    return await anyio.open_process(arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**kept, **(env or {})})


async def start_all(serve: Serve, actors: list[str], *flags: str, env: dict[str, str] | None = None) -> list[Server]:
    """A server for each actor, started at the same time."""
    servers: dict[str, Server] = {}

    async def start(actor: str) -> None:
        servers[actor] = await serve("--actor", actor, *flags, env=env)

    async with anyio.create_task_group() as tasks:
        for actor in actors:
            tasks.start_soon(start, actor)
    return [servers[actor] for actor in actors]


def take_gate(db: Path, seconds: float) -> None:
    """Take the write gate of a file and give it back. Raises Busy when another process keeps it."""
    gate = Gate(db.with_name(db.name + ".lock"), timeout=seconds)
    try:
        with gate.held():
            pass
    finally:
        gate.close()
