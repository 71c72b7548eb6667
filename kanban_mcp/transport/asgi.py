"""The one HTTP application: every part's routes, and what each request passes on its way to them."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from kanban_mcp.app import App
from kanban_mcp.transport.auth import Admission
from kanban_mcp.transport.bodies import Bodies
from kanban_mcp.transport.fast_lane import FastLane
from kanban_mcp.transport.guard import Guard
from kanban_mcp.transport.mcp_http import McpHttp
from kanban_mcp.transport.mcp_server import mcp_server
from kanban_mcp.transport.rest import Rest


def asgi_app(app: App) -> ASGIApp:
    """The application over an open app. Its lifespan is entered once."""
    fast = FastLane(app, "http") if app.settings.fast_lane else None
    mcp, rest = McpHttp(mcp_server(app), fast), Rest(app)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with mcp.running():
            yield

    routes = [*rest.routes, *mcp.routes, Route("/health", _health)]
    return _admitted(Starlette(routes=routes, lifespan=lifespan), app)


def _admitted(inner: ASGIApp, app: App) -> ASGIApp:
    """What every request passes, written from the inside out."""
    settings = app.settings
    inner = Bodies(inner)
    inner = Admission(inner, actor=settings.actor)
    return Guard(inner, bound=settings.host, hosts=settings.allowed_hosts, origins=settings.allowed_origins)


async def _health(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
