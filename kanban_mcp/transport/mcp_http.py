"""MCP over HTTP: Streamable HTTP at `/mcp` in both protocol eras, and the older SSE at `/sse`."""

import contextlib
from collections.abc import AsyncIterator

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.diagnostics.connections import ConnectionMonitor
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.fast_lane import FastLane
from kanban_mcp.transport.mcp_fast import FastHttp
from kanban_mcp.transport.mcp_server import McpServer

MESSAGES = "/messages/"
"""Where clients of the older SSE send to; the stream tells them."""

PATHS = ("/mcp", "/mcp/")
"""Where Streamable HTTP is."""


class McpHttp:
    """`streamable` is the application at both `PATHS`, `routes` are those of the older SSE.

    They serve while `running()` is entered, once.
    """

    def __init__(self, server: McpServer, connections: ConnectionMonitor, fast: FastLane | None = None) -> None:
        self._server = server
        self._connections = connections
        # Who may speak is decided for all routes alike, before these are reached.
        self._sessions = StreamableHTTPSessionManager(app=server)
        self._sse = SseServerTransport(MESSAGES)
        library = _Owned(StreamableHTTPASGIApp(self._sessions))
        self.streamable: ASGIApp = library if fast is None else FastHttp(library, fast)
        self.routes: list[BaseRoute] = [
            Route("/sse", _Owned(self._serve_sse), methods=["GET"]),
            Mount(MESSAGES, _Owned(self._sse.handle_post_message)),
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
    """Names a key's requests to the SDK: it gives a session to who opened it, and to others it is not there."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller = scope["caller"]
        if caller.key is not None:
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=caller.key, scopes=[]))
        await _finished(self._inner, scope, receive, send)


async def _finished(inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Streams that are cut off when the server ends get their end: to a client they did not fail."""
    open_now = False

    async def noted(message: Message) -> None:
        nonlocal open_now
        open_now = message["type"] == "http.response.start" or message.get("more_body", False)
        await send(message)

    await inner(scope, receive, noted)
    if open_now:
        await send({"type": "http.response.body", "body": b""})
