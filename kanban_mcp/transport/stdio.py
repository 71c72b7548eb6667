"""One agent over stdin and stdout.

The SDK's own loop over these pipes hops between threads for every message, answers nothing to a line it cannot
parse, reads lines of any length, and takes a client's probe for its choice of protocol era. This one does not.
"""

import asyncio
import json
import os
import re
import signal
from typing import Any

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from kanban_mcp.transport.pipes import Input, Output, Pipes, TooLong, open_pipes

FLUSH_SECONDS = 1.0
"""How long answers under way are waited for after the client has closed its end."""
PARENT_SECONDS = 0.5
"""How often to look whether the process that started us is still there."""


async def serve(server: Server[Any]) -> None:
    """Serve one client until it goes away: its end closed, its process dead, or a signal.

    While serving, fd 0 is the null device and fd 1 is stderr, so that nothing but protocol reaches the client.
    """
    async with open_pipes() as pipes, server.lifespan(server) as state:
        inbox = _Inbox(server, state, pipes)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch_signals, tasks.cancel_scope)
            tasks.start_soon(_watch_parent, tasks.cancel_scope)
            tasks.start_soon(_watch_reader, pipes.output, tasks.cancel_scope)
            await serve_dual_era_loop(
                server,
                inbox,
                _Outbox(inbox, pipes.output),
                lifespan_state=state,
                init_options=server.create_initialization_options(),
            )
            tasks.cancel_scope.cancel()


class _Inbox:
    """The client's messages, as the SDK takes them; what is no message is answered here."""

    def __init__(self, server: Server[Any], state: Any, pipes: Pipes) -> None:
        self._server = server
        self._state = state
        self._input: Input = pipes.input
        self._output: Output = pipes.output
        self._undecided = True
        self._unanswered: set[types.RequestId] = set()
        self._all_answered = asyncio.Event()

    async def receive(self) -> SessionMessage | Exception:
        """The next message. Raises EndOfStream when the client has left and its requests are answered."""
        while (line := await self._input.next()) is not None:
            message = await self._parsed(line)
            if message is None or await self._was_probe(message):
                continue
            if isinstance(message, types.JSONRPCRequest):
                self._unanswered.add(message.id)
            return SessionMessage(message)
        await self._flush()
        raise anyio.EndOfStream

    def answered(self, request: types.RequestId | None) -> None:
        """A request has its answer."""
        if request is not None:
            self._unanswered.discard(request)
        if not self._unanswered:
            self._all_answered.set()

    async def _parsed(self, line: bytes | TooLong) -> types.JSONRPCMessage | None:
        """The message in a line, or None after telling the client what is wrong with it."""
        if isinstance(line, TooLong):
            await self._refuse(None, types.INVALID_REQUEST, f"The line is longer than {line.limit} bytes.")
            return None
        try:
            return types.jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValidationError:
            await self._refuse(*_fault(line))
            return None

    async def _refuse(self, request: types.RequestId | None, code: int, message: str) -> None:
        error = {"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": message}}
        await self._output.write(json.dumps(error).encode())

    async def _was_probe(self, message: types.JSONRPCMessage) -> bool:
        """Answer a probe for the modern era without deciding the era; the first other request decides it.

        A client may ask, give up while we still load, and fall back to the older handshake: taking its late
        question as a choice would refuse that.
        """
        if not self._undecided or not isinstance(message, types.JSONRPCRequest):
            return False
        if message.method != "server/discover" or types.PROTOCOL_VERSION_META_KEY not in _meta(message):
            self._undecided = False
            return False
        await self._answer_alone(message)
        return True

    async def _answer_alone(self, message: types.JSONRPCRequest) -> None:
        """Serve one request on a connection of its own."""
        ask, asked = anyio.create_memory_object_stream[SessionMessage | Exception](1)
        answer, answered = anyio.create_memory_object_stream[SessionMessage](1)
        async with anyio.create_task_group() as tasks, ask, answered:
            tasks.start_soon(lambda: serve_dual_era_loop(self._server, asked, answer, lifespan_state=self._state))
            await ask.send(SessionMessage(message))
            await self._output.write(_dumped(await answered.receive()))
            ask.close()

    async def _flush(self) -> None:
        if self._unanswered:
            self._all_answered.clear()
            with anyio.move_on_after(FLUSH_SECONDS):
                await self._all_answered.wait()

    def __aiter__(self) -> "_Inbox":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Nothing: the pipes close with the serving."""

    async def __aenter__(self) -> "_Inbox":
        return self

    async def __aexit__(self, *exception: object) -> None:
        return None


class _Outbox:
    """The answers, as the SDK gives them."""

    def __init__(self, inbox: _Inbox, output: Output) -> None:
        self._inbox = inbox
        self._output = output

    async def send(self, item: SessionMessage) -> None:
        """Write a message to the client."""
        await self._output.write(_dumped(item))
        if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
            self._inbox.answered(item.message.id)

    async def aclose(self) -> None:
        """Nothing: the pipes close with the serving."""

    async def __aenter__(self) -> "_Outbox":
        return self

    async def __aexit__(self, *exception: object) -> None:
        return None


def _dumped(item: SessionMessage) -> bytes:
    return item.message.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _meta(message: types.JSONRPCRequest) -> Any:
    return (message.params or {}).get("_meta") or {}


def _fault(line: bytes) -> tuple[types.RequestId | None, int, str]:
    """Whose fault a line is: the request's id where it can be told, a code, and words."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None, types.PARSE_ERROR, "The line is not valid JSON in UTF-8."
    if isinstance(value, list):
        return None, types.INVALID_REQUEST, "Batches are not part of the protocol; send one message a line."
    request = value.get("id") if isinstance(value, dict) else None
    known = request if isinstance(request, str | int) and not isinstance(request, bool) else None
    if re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)):
        return known, types.PARSE_ERROR, "The line holds half of a character: a surrogate without its pair."
    return known, types.INVALID_REQUEST, "The line is not a JSON-RPC 2.0 message."


async def _watch_signals(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()


async def _watch_parent(scope: anyio.CancelScope) -> None:
    """End with the process that started us: an orphan would keep the database open."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells of it in no other way
        await anyio.sleep(PARENT_SECONDS)
    scope.cancel()


async def _watch_reader(output: Output, scope: anyio.CancelScope) -> None:
    await output.gone.wait()
    scope.cancel()
