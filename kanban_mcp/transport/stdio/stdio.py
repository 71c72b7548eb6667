"""One agent over stdin and stdout.

What agents ask all day is answered at once; the protocol's library is loaded when a message first needs it.
"""

import asyncio
import contextlib
import functools
import math
import os
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from pydantic_core import from_json

from kanban_mcp.settings import Settings
from kanban_mcp.transport.signals import ending
from kanban_mcp.transport.stdio.pipes import Input, Output, standard_streams
from kanban_mcp.transport.turns import shorten_turns
from kanban_mcp.transport.wire.fast_lane import CONNECTION_CLOSED, FastLane, Line, failed
from kanban_mcp.transport.wire.recognition import (
    PROBE,
    Asker,
    Era,
    Request,
    RequestId,
    enveloped,
    hello_in,
    notification_in,
    request_in,
)

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from kanban_mcp.app import App
    from kanban_mcp.transport.stdio.sdk_lane import SdkLane

MOST_UNANSWERED = 1000
"""Requests under way; beyond that no more is taken from the client."""
GRACE_SECONDS = 1.0
"""How long calls under way are waited for at the end, since the last one that was answered."""
READING_SECONDS = 30.0
"""How long a client that has closed its end may pause in reading its answers."""
PARENT_SECONDS = 0.5
"""How often to look whether the process that started us is still there."""


async def serve_app(settings: Settings, open_app: "Callable[[], App]") -> None:
    """Serve an app to one client. It is opened once the client has its list of tools, or when a call needs it."""
    shorten_turns()
    with contextlib.ExitStack() as counted:

        @functools.cache
        def app() -> "App":
            opened = open_app()
            counted.enter_context(opened.watch.connections.counting("stdio"))
            return opened

        def library() -> "Server[Any]":
            # It takes half a second to load, and most conversations need none of it.
            from kanban_mcp.transport.mcp.mcp_server import McpServer  # noqa: PLC0415

            return McpServer(app())

        fast = FastLane(settings, lambda: app().runner, "stdio") if settings.fast_lane else None
        await serve(library, fast, prepare=app)


async def serve(
    server: "Callable[[], Server[Any]]", fast: FastLane | None = None, *, prepare: Callable[[], object] = lambda: None
) -> None:
    """Serve one client until it goes away: its end closed, its process dead, or a signal.

    `server` is made when the SDK is first needed; without a fast lane it is needed for everything. `prepare` is called
    when the client has its list of tools, and is likely to think before it calls one. From here on fd 0
    is the null device and fd 1 is stderr, so that nothing but protocol reaches the client.
    """
    with standard_streams() as (lines, output):
        async with anyio.create_task_group() as tasks:
            client = Conversation(server, fast, lines, output, tasks, prepare)
            tasks.start_soon(_watch_signals, client.leave)
            tasks.start_soon(_watch_parent, client.leave)
            await client.serve()
            tasks.cancel_scope.cancel()


class Conversation:
    """With one client: lines come in, and each takes the fast lane or the SDK's."""

    def __init__(
        self,
        server: "Callable[[], Server[Any]]",
        fast: FastLane | None,
        lines: Input,
        output: Output,
        tasks: TaskGroup,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self.era: Era | None = None
        self._server = server
        self._fast = fast
        self._input = lines
        self._output = output
        self._tasks = tasks
        self._prepare = prepare
        self._library: SdkLane | None = None
        self._opening: Line | None = None
        self._asker: Asker | None = None
        self._unanswered: set[RequestId] = set()
        self._running: dict[RequestId, asyncio.Task[Line]] = {}
        self._deadline = math.inf
        output.on_gone = self.leave

    def leave(self) -> None:
        """Take nothing more from it, and end as soon as calls under way are done."""
        self._deadline = min(self._deadline, asyncio.get_running_loop().time() + GRACE_SECONDS)
        self._input.end()
        self._output.wake()

    async def serve(self) -> None:
        """Take lines until the client has left and was given its answers."""
        while True:
            await self._room()
            try:
                line = await self._input.next()
            except anyio.EndOfStream:
                break
            line = None if line is None else line.removeprefix(BOM_UTF8)  # some shells begin with it what they pipe
            if line is None or not self._answered(line):
                await (await self._loaded()).take(line)
        await self._finish()

    # Plain lines

    def _answered(self, line: Line) -> bool:
        """Whether a line was plain enough to be dealt with here."""
        if self._fast is None:
            return False
        try:
            message = from_json(line)
        except ValueError:
            return False
        request = request_in(message)
        if request is None:
            return (notice := notification_in(message)) is not None and self._noticed(*notice)
        answer = self._answer(self._fast, request, line)
        if isinstance(answer, bytes):
            self.write(answer)
            if request.method == "tools/list":
                asyncio.get_running_loop().call_soon(self._prepare)  # after the answer has been written
        elif answer is not None:
            self._start(request.id, answer)
        return answer is not None

    def _answer(self, fast: FastLane, request: Request, line: Line) -> Line | Awaitable[Line] | None:
        if self.era == "legacy":
            return fast.legacy(request, self._asker) if self._asker is not None else None
        if (asked := enveloped(request)) is not None:
            answer = fast.modern(*asked)
            if answer is not None and request.method != "server/discover":
                self._open("modern", PROBE)
            return answer
        if self.era is None and (hello := hello_in(request)) is not None:
            version, self._asker = hello
            self._open("legacy", line)
            return fast.hello(request, version)
        return None

    def _open(self, era: Era, opening: Line) -> None:
        """The era is decided, and this would decide it for the SDK."""
        if self.era is None:
            self.era, self._opening = era, opening

    def _noticed(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether a notification is dealt with: it ends a call here, or nobody listens."""
        request = params.get("requestId") if method == "notifications/cancelled" else None
        task = self._running.get(request) if type(request) is int or type(request) is str else None
        if task is not None:
            # One that came with its call finds it unbegun; what is cancelled then would not withdraw the write.
            asyncio.get_running_loop().call_soon(task.cancel)
        return task is not None or self._library is None

    def _start(self, request: RequestId, answer: Awaitable[Line]) -> None:
        task = asyncio.ensure_future(answer)
        self._running[request] = task
        self.expect(request)
        task.add_done_callback(functools.partial(self._done, request))

    def _done(self, request: RequestId, task: "asyncio.Task[Line]") -> None:
        if self._running.get(request) is task:
            del self._running[request]
        self.settle(request)
        if not task.cancelled():  # who took a request back is told nothing more of it
            self.write(task.result())

    # Lines for the SDK

    async def _loaded(self) -> "SdkLane":
        """The SDK's lane; when it is new, it is told how the conversation began."""
        if self._library is None:
            from kanban_mcp.transport.stdio.sdk_lane import SdkLane  # noqa: PLC0415

            self._library = SdkLane(self._server(), self)
            await self._tasks.start(self._library.serve)
            if self._opening is not None:
                await self._library.replay(self._opening)
        return self._library

    def decide(self, era: Era) -> None:
        """The SDK was given the request that decides it."""
        self.era = era

    def greet(self, asker: Asker) -> None:
        """The SDK accepted a handshake."""
        self._asker = asker

    def expect(self, request: RequestId) -> None:
        """A request is under way."""
        self._unanswered.add(request)

    def settle(self, request: RequestId) -> None:
        """A request is answered, or will not be."""
        self._unanswered.discard(request)
        self._output.wake()

    def write(self, line: Line) -> None:
        """Write a message."""
        self._output.write(line, alone=not self._unanswered and not self._input.waiting)

    async def tell(self, line: Line) -> None:
        """Write what is no answer, and so may come without end: it waits while too much is unread."""
        self.write(line)
        while self._output.full and not self._input.ended:
            await self._output.moved.wait()

    # The end

    async def _room(self) -> None:
        while (self._output.full or len(self._unanswered) >= MOST_UNANSWERED) and not self._input.ended:
            await self._output.moved.wait()

    async def _finish(self) -> None:
        """Wait for calls under way, then for the client to read: a pager may sit at the other end."""
        await self._wait_while(lambda: bool(self._unanswered), GRACE_SECONDS)
        await self._wait_while(lambda: bool(self._output.unread), READING_SECONDS)
        await asyncio.sleep(0)  # so that what came last has begun too, and can be withdrawn
        for request, task in list(self._running.items()):
            task.cancel()
            self.write(failed(request, CONNECTION_CLOSED, "Connection closed"))
        if self._library is not None:
            await self._library.end()

    async def _wait_while(self, busy: Callable[[], bool], seconds: float) -> None:
        """Give it so long since the last move, and never longer than `leave` allows."""
        with anyio.CancelScope() as patience:
            while busy() and not self._output.gone:
                patience.deadline = min(anyio.current_time() + seconds, self._deadline)
                await self._output.moved.wait()


async def _watch_signals(leave: Callable[[], None]) -> None:
    with anyio.open_signal_receiver(*ending()) as signals:
        async for _ in signals:
            leave()


async def _watch_parent(leave: Callable[[], None]) -> None:
    """An orphan would keep the database open."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells of it in no other way
        await anyio.sleep(PARENT_SECONDS)
    leave()
