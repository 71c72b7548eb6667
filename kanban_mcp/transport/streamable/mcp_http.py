"""MCP over HTTP: Streamable HTTP at `/mcp` in both protocol eras, and the older SSE at `/sse`."""

import contextlib
from collections.abc import AsyncIterator

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.diagnostics.connections import ConnectionMonitor
from kanban_mcp.errors import Unauthorized
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.access.heartbeat import Heartbeat, UntilExpired
from kanban_mcp.transport.mcp.mcp_server import McpServer
from kanban_mcp.transport.problems import problem
from kanban_mcp.transport.streamable.mcp_fast import FastHttp
from kanban_mcp.transport.streamable.posts import Posts
from kanban_mcp.transport.wire.fast_lane import FastLane

MESSAGES = "/messages/"
"""Where clients of the older SSE send to; the stream tells them."""

PATHS = ("/mcp", "/mcp/")
"""Where Streamable HTTP is."""
MOST_SESSIONS = 2000
"""As many as connections: one takes some 43 kB, until half an hour after its last request. More are refused (503)."""
GOODBYE_SECONDS = 0.5
"""How long the end of a stream may take that is cut off; its client may not be reading."""


class McpHttp:
    """`streamable` is the application at both `PATHS`, `fast` its lane for plain requests, if there is one.

    `routes` are those of the older SSE.

    They serve while `running()` is entered, once.
    """

    def __init__(
        self, server: McpServer, connections: ConnectionMonitor, heartbeat: Heartbeat, fast: FastLane | None = None
    ) -> None:
        self._server = server
        self._connections = connections
        # Who may speak is decided for all routes alike, before these are reached.
        self._sessions = StreamableHTTPSessionManager(app=server, max_sessions=MOST_SESSIONS)
        self._sse = SseServerTransport(MESSAGES)
        library = _Owned(Posts(StreamableHTTPASGIApp(self._sessions)), heartbeat)
        self.fast = None if fast is None else FastHttp(library, fast)
        self.streamable: ASGIApp = self.fast or library
        self.routes: list[BaseRoute] = [
            Route("/sse", _Owned(self._serve_sse, heartbeat), methods=["GET"]),
            Mount(MESSAGES, _Owned(Posts(self._sse.handle_post_message), heartbeat)),
        ]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve sessions until the end of the block."""
        async with self._sessions.run():
            yield

    async def _serve_sse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One session, as long as its stream is open."""
        with self._connections.counting("sse"):
            async with self._sse.connect_sse(scope, receive, send) as (read, write):
                await self._server.run(read, write, self._server.create_initialization_options())

    def close(self) -> None:
        """End what clients listen to without an end, as a server does that goes away."""
        self._server.subscriptions.close()


class _Owned:
    """Names a key's requests to the SDK: it gives a session to who opened it, and to others it is not there.

    What is still answered when the key ends, such as a stream, ends with it.
    """

    def __init__(self, inner: ASGIApp, heartbeat: Heartbeat) -> None:
        self._inner = inner
        self._heartbeat = heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller = scope["caller"]
        if caller.key is not None:
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=caller.key, scopes=[]))
        answering, asking = _Answering(send), UntilExpired(caller, receive)
        with self._heartbeat.watching(asking):
            await self._inner(scope, asking, answering)
        with anyio.move_on_after(GOODBYE_SECONDS):
            if answering.open:
                # A stream that is cut off, also when the server ends, gets its end: to a client it did not fail.
                await send({"type": "http.response.body", "body": b""})
            elif asking.expired and not answering.begun:
                await problem(Unauthorized("The API key has ended."))(scope, receive, send)


class _Answering:
    """Sends, and knows how far the answer is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.open = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        self.open = message["type"] == "http.response.start" or message.get("more_body", False)
        await self._send(message)
