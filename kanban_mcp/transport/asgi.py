"""The one HTTP application: every part's routes, and what each request passes on its way to them."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.mcp_http import McpHttp
from kanban_mcp.transport.mcp_server import mcp_server
from kanban_mcp.transport.rest import Rest


def asgi_app(app: App) -> ASGIApp:
    """The application over an open app. Its lifespan is entered once."""
    mcp, rest = McpHttp(mcp_server(app)), Rest(app)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with mcp.running():
            yield

    routes = [*rest.routes, *mcp.routes, Route("/health", _health)]
    return _Admitted(Starlette(routes=routes, lifespan=lifespan), app)


class _Admitted:
    """Puts the caller into each request's scope: `scope["caller"]`."""

    def __init__(self, inner: ASGIApp, app: App) -> None:
        self._inner = inner
        self._caller = Caller(app.settings.actor or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["caller"] = self._caller
        await self._inner(scope, receive, send)


async def _health(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
