"""MCP over Streamable HTTP, in both protocol eras."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.routing import BaseRoute, Route


class McpHttp:
    """The routes of MCP; they serve while `running()` is entered, once."""

    def __init__(self, server: Server[Any]) -> None:
        # Who may speak is decided for all routes alike, before these are reached.
        self._sessions = StreamableHTTPSessionManager(app=server)
        endpoint = StreamableHTTPASGIApp(self._sessions)
        self.routes: list[BaseRoute] = [Route("/mcp", endpoint), Route("/mcp/", endpoint)]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve sessions until the end of the block."""
        async with self._sessions.run():
            yield
