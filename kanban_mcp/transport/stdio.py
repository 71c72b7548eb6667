"""One agent over stdin and stdout.

The SDK's own loop over these pipes hops between threads for every message, answers nothing to a line it cannot
parse, reads lines of any length, and takes a client's probe for its choice of protocol era. This one does not.
"""

import asyncio
import json
import math
import os
import signal
from collections.abc import Callable
from typing import Any, Self

import anyio
import anyio.lowlevel
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.dispatcher import coerce_request_id
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params
from mcp.shared.message import SessionMessage
from pydantic import ValidationError
from pydantic_core import from_json

from kanban_mcp.transport.pipes import LONGEST_LINE, Input, Output, standard_streams

MOST_UNANSWERED = 1000
"""Requests under way; beyond that no more is taken from the client."""
GRACE_SECONDS = 1.0
"""How long calls under way are waited for at the end, since the last one that was answered."""
READING_SECONDS = 30.0
"""How long a client that has closed its end may pause in reading its answers."""
PARENT_SECONDS = 0.5
"""How often to look whether the process that started us is still there."""


async def serve(server: Server[Any]) -> None:
    """Serve one client until it goes away: its end closed, its process dead, or a signal.

    From here on fd 0 is the null device and fd 1 is stderr, so that nothing but protocol reaches the client.
    """
    with standard_streams() as (lines, output):
        async with server.lifespan(server) as state, anyio.create_task_group() as watchers:
            client = _Client(server, state, lines, output)
            watchers.start_soon(_watch_signals, client.leave)
            watchers.start_soon(_watch_parent, client.leave)
            options = server.create_initialization_options()
            await serve_dual_era_loop(server, client, client, lifespan_state=state, init_options=options)
            watchers.cancel_scope.cancel()


class _Client:
    """Its messages and ours to it, as the SDK takes and gives them. What is no message is answered here."""

    def __init__(self, server: Server[Any], state: Any, lines: Input, output: Output) -> None:
        self._server = server
        self._state = state
        self._input = lines
        self._output = output
        self._undecided = True
        self._unanswered: set[types.RequestId] = set()
        self._deadline = math.inf
        output.on_gone = self.leave

    def leave(self) -> None:
        """Take nothing more from it, and end as soon as calls under way are done."""
        self._deadline = min(self._deadline, asyncio.get_running_loop().time() + GRACE_SECONDS)
        self._input.end()
        self._output.wake()

    async def receive(self) -> SessionMessage:
        """The next message. Raises EndOfStream when the client has left and was given its answers."""
        while True:
            await self._room()
            try:
                message = _parsed(await self._input.next())
            except anyio.EndOfStream:
                await self._finish()
                raise
            except _NoMessage as fault:
                self._write(fault.answer())
                await anyio.lowlevel.checkpoint()
                continue
            if not await self._was_probe(message):
                self._note(message)
                return SessionMessage(message)

    async def send(self, item: SessionMessage) -> None:
        """Write a message; what is no answer, and so may come without end, waits while too much is unread."""
        if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
            self._settled(item.message.id)
            self._write(item.message)
            return
        self._write(item.message)
        while self._output.full and not self._input.ended:
            await self._output.moved.wait()

    async def _room(self) -> None:
        while (self._output.full or len(self._unanswered) >= MOST_UNANSWERED) and not self._input.ended:
            await self._output.moved.wait()

    async def _finish(self) -> None:
        """Wait for calls under way, then for the client to read: a pager may sit at the other end."""
        await self._wait_while(lambda: bool(self._unanswered), GRACE_SECONDS)
        await self._wait_while(lambda: bool(self._output.unread), READING_SECONDS)

    async def _wait_while(self, busy: Callable[[], bool], seconds: float) -> None:
        """Give it so long since the last move, and never longer than `leave` allows."""
        with anyio.CancelScope() as patience:
            while busy() and not self._output.gone:
                patience.deadline = min(anyio.current_time() + seconds, self._deadline)
                await self._output.moved.wait()

    def _write(self, message: types.JSONRPCMessage) -> None:
        line = message.model_dump_json(by_alias=True, exclude_unset=True)
        self._output.write(line.encode(), alone=not self._unanswered)

    def _note(self, message: types.JSONRPCMessage) -> None:
        if isinstance(message, types.JSONRPCRequest) and message.method != "subscriptions/listen":
            # That one is answered when the client ends it: nobody waits for its answer.
            self._unanswered.add(coerce_request_id(message.id))
        elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
            self._settled(cancelled_request_id_from_params(message.params))  # the SDK gives it no answer

    def _settled(self, request: types.RequestId | None) -> None:
        if request is not None:
            self._unanswered.discard(coerce_request_id(request))
            self._output.wake()

    async def _was_probe(self, message: types.JSONRPCMessage) -> bool:
        """Answer a probe for the modern era without deciding the era; the first other request decides it.

        A client may ask, give up while we still load, and fall back to the older handshake: taking its late
        question as a choice would refuse that.
        """
        if not self._undecided or not isinstance(message, types.JSONRPCRequest):
            return False
        meta = (message.params or {}).get("_meta") or {}
        if message.method != "server/discover" or types.PROTOCOL_VERSION_META_KEY not in meta:
            self._undecided = False
            return False
        self._write(await self._answer_alone(message))
        return True

    async def _answer_alone(self, message: types.JSONRPCRequest) -> types.JSONRPCMessage:
        """Serve one request on a connection of its own."""
        ask, asked = anyio.create_memory_object_stream[SessionMessage | Exception](1)
        answer, answered = anyio.create_memory_object_stream[SessionMessage](1)
        async with anyio.create_task_group() as tasks, ask, answered:
            tasks.start_soon(lambda: serve_dual_era_loop(self._server, asked, answer, lifespan_state=self._state))
            await ask.send(SessionMessage(message))
            result = await answered.receive()
            ask.close()
        return result.message

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Nothing: the SDK says this before its last answers."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        return None


class _NoMessage(Exception):
    """A line that is no message."""

    def __init__(self, code: int, message: str, request: object = None) -> None:
        super().__init__(message)
        self._error = types.ErrorData(code=code, message=message)
        self._request = request

    def answer(self) -> types.JSONRPCError:
        """What the client is told, under the id it gave where that is one."""
        try:
            return types.JSONRPCError.model_validate({"jsonrpc": "2.0", "id": self._request, "error": self._error})
        except ValidationError:
            return types.JSONRPCError(jsonrpc="2.0", id=None, error=self._error)


def _parsed(line: bytes | None) -> types.JSONRPCMessage:
    """The message in a line. Raises _NoMessage."""
    if line is None:
        raise _NoMessage(types.INVALID_REQUEST, f"The line is longer than {LONGEST_LINE} bytes.")
    try:
        message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        raise _fault(line) from None
    # The SDK takes a request whose id is neither text nor integer for a notification: it would never be answered.
    if isinstance(message, types.JSONRPCNotification) and from_json(line).get("id") is not None:
        raise _NoMessage(types.INVALID_REQUEST, "The id is neither a string nor an integer.")
    return message


def _fault(line: bytes) -> _NoMessage:
    try:
        value = from_json(line)
    except ValueError as error:
        return _NoMessage(types.PARSE_ERROR, f"The line is not JSON in UTF-8: {error}", _id_in(line))
    request = value.get("id") if isinstance(value, dict) else None
    return _NoMessage(types.INVALID_REQUEST, "The line is not one JSON-RPC 2.0 message.", request)


def _id_in(line: bytes) -> object:
    """The id where the fault is in a text elsewhere: half a surrogate pair, or bytes that are not UTF-8."""
    try:
        request = json.loads(line.decode(errors="replace"))["id"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return request if str(request).isascii() else None


async def _watch_signals(leave: Callable[[], None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            leave()


async def _watch_parent(leave: Callable[[], None]) -> None:
    """An orphan would keep the database open."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells of it in no other way
        await anyio.sleep(PARENT_SECONDS)
    leave()
