"""MCP over Streamable HTTP, in both protocol eras."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.routing import BaseRoute, Route

from kanban_mcp.transport.fast_lane import FastLane
from kanban_mcp.transport.mcp_fast import FastHttp


class McpHttp:
    """The routes of MCP; they serve while `running()` is entered, once."""

    def __init__(self, server: Server[Any], fast: FastLane | None = None) -> None:
        # Who may speak is decided for all routes alike, before these are reached.
        self._sessions = StreamableHTTPSessionManager(app=server)
        library = StreamableHTTPASGIApp(self._sessions)
        endpoint = library if fast is None else FastHttp(library, fast)
        self.routes: list[BaseRoute] = [Route("/mcp", endpoint), Route("/mcp/", endpoint)]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve sessions until the end of the block."""
        async with self._sessions.run():
            yield
