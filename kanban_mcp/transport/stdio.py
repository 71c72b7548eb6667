"""One agent over stdin and stdout.

The SDK's own loop over these pipes hops between threads for every message, answers nothing to a line it cannot
parse, reads lines of any length, and takes a client's probe for its choice of protocol era. This one does not.
"""

import asyncio
import contextlib
import fcntl
import json
import math
import os
import select
import signal
import stat
from collections import deque
from collections.abc import Callable, Iterator
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

LONGEST_LINE = 8 * 1024 * 1024
"""Longer lines are dropped while they come in: nothing an agent says needs so much."""
MOST_UNREAD = 1024 * 1024
"""Bytes of answers that wait for the client to read them; beyond that no more is taken from it."""
MOST_UNANSWERED = 1000
"""Requests under way; beyond that no more is taken from the client."""
GRACE_SECONDS = 1.0
"""How long calls under way are waited for at the end, since the last one that was answered."""
READING_SECONDS = 30.0
"""How long a client that has closed its end may pause in reading its answers."""
PARENT_SECONDS = 0.5
"""How often to look whether the process that started us is still there."""
CHUNK = 256 * 1024


async def serve(server: Server[Any]) -> None:
    """Serve one client until it goes away: its end closed, its process dead, or a signal.

    From here on fd 0 is the null device and fd 1 is stderr, so that nothing but protocol reaches the client.
    """
    with _standard_streams() as (lines, output):
        async with server.lifespan(server) as state, anyio.create_task_group() as watchers:
            client = _Client(server, state, lines, output)
            watchers.start_soon(_watch_signals, client.leave)
            watchers.start_soon(_watch_parent, client.leave)
            options = server.create_initialization_options()
            await serve_dual_era_loop(server, client, client, lifespan_state=state, init_options=options)
            watchers.cancel_scope.cancel()


@contextlib.contextmanager
def _standard_streams() -> Iterator[tuple["_Input", "_Output"]]:
    source, sink = (fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3) for descriptor in (0, 1))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    blocking = os.get_blocking(sink)
    lines, output = _Input(source), _Output(sink)
    try:
        yield lines, output
    finally:
        lines.end()
        output.close()
        os.set_blocking(sink, blocking)  # whoever shares the pipe shares the mode
        os.close(source)
        os.close(sink)


class _Client:
    """Its messages and ours to it, as the SDK takes and gives them. What is no message is answered here."""

    def __init__(self, server: Server[Any], state: Any, lines: "_Input", output: "_Output") -> None:
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
        """Write a message; wait while too much is unread."""
        if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
            self._settled(item.message.id)
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
        if isinstance(message, types.JSONRPCRequest):
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


class _Input:
    """Lines of bytes, read from a descriptor no faster than they are asked for."""

    def __init__(self, descriptor: int) -> None:
        self.ended = False
        self._descriptor = descriptor
        self._waitable = _is_pipe(descriptor) or os.isatty(descriptor)
        self._listening = False
        self._loop = asyncio.get_running_loop()
        self._lines: deque[bytes | None] = deque()
        self._part = bytearray()
        self._too_long = False
        self._news = asyncio.Event()

    async def next(self) -> bytes | None:
        """The next line that is not blank, None in place of one that was too long. Raises EndOfStream."""
        while not self._lines:
            if self.ended:
                raise anyio.EndOfStream
            self._news.clear()
            self._listen()
            await self._news.wait()
        return self._lines.popleft()

    def end(self) -> None:
        """Read no more, and forget what was not asked for."""
        self._lines.clear()
        self.ended = True
        self._news.set()
        self._deafen()

    def _listen(self) -> None:
        if not self._waitable:  # a file is always ready, and epoll refuses it
            self._loop.call_soon(self._read)
        elif not self._listening:
            self._loop.add_reader(self._descriptor, self._read)
            self._listening = True

    def _deafen(self) -> None:
        if self._listening:
            self._loop.remove_reader(self._descriptor)
            self._listening = False

    def _read(self) -> None:
        if self._lines or self.ended:  # more is not asked for: let it wait in the pipe
            self._deafen()
            return
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # a terminal that hung up
            data = b""
        self._take(data)
        self._news.set()

    def _take(self, data: bytes) -> None:
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._extend(end)
            self._finish()
        self._extend(rest)
        if not data:
            self._finish()
            self.ended = True
            self._deafen()

    def _extend(self, data: bytes) -> None:
        self._too_long = self._too_long or len(self._part) + len(data) > LONGEST_LINE
        if self._too_long:
            self._part.clear()
        else:
            self._part += data

    def _finish(self) -> None:
        if self._too_long or self._part.strip():
            self._lines.append(None if self._too_long else bytes(self._part))
        self._part.clear()
        self._too_long = False


class _Output:
    """Lines of bytes to a descriptor. `moved` wakes who waits for it to be read, and stays unset."""

    def __init__(self, descriptor: int) -> None:
        self.gone = False
        self.on_gone: Callable[[], None] = lambda: None
        self.moved = asyncio.Event()
        self.unread = bytearray()
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._due = False
        self._stuck = False
        self._watched = _is_pipe(descriptor)
        if self._watched:
            os.set_blocking(descriptor, False)
            self._loop.add_reader(descriptor, self._look)

    @property
    def full(self) -> bool:
        """Whether too much is unread."""
        return len(self.unread) > MOST_UNREAD

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self.moved.set()
        self.moved.clear()

    def write(self, line: bytes, *, alone: bool) -> None:
        """Write a line: at once when it is alone, otherwise together with those that follow in this moment."""
        self.unread += line + b"\n"
        if alone and not self._stuck:
            self._flush()
        elif not (self._due or self._stuck):
            self._due = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what the client takes at once, and forget the rest: it had its time to read it."""
        self._flush()
        self._unwatch()
        self._loop.remove_writer(self._descriptor)

    def _flush(self) -> None:
        self._due = False
        try:
            while self.unread:
                del self.unread[: os.write(self._descriptor, self.unread)]
        except BlockingIOError:
            pass
        except OSError:
            self._lose()
        self._wait(bool(self.unread))
        self.wake()

    def _wait(self, stuck: bool) -> None:
        if stuck and not self._stuck:
            self._loop.add_writer(self._descriptor, self._flush)
        elif self._stuck and not stuck:
            self._loop.remove_writer(self._descriptor)
        self._stuck = stuck

    def _look(self) -> None:
        """Something happened at the other end: it was closed, or it spoke where stdout is a socket."""
        poll = select.poll()
        poll.register(self._descriptor, 0)
        self._unwatch()
        if poll.poll(0):
            self._lose()

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._descriptor)
            self._watched = False

    def _lose(self) -> None:
        self.gone = True
        self.unread.clear()
        self._wait(False)
        self._unwatch()
        self.on_gone()


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


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
