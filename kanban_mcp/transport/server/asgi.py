"""The one HTTP application: every part's routes, and what each request passes on its way to them."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match, Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from kanban_mcp.app import App
from kanban_mcp.errors import NotFound
from kanban_mcp.transport.access.auth import Admission
from kanban_mcp.transport.access.bodies import Bodies
from kanban_mcp.transport.access.clients import ClientAddresses
from kanban_mcp.transport.access.guard import Guard
from kanban_mcp.transport.access.heartbeat import Heartbeat
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.rate_limit import RateLimit
from kanban_mcp.transport.access.shared_windows import SharedWindows
from kanban_mcp.transport.access.strangers import Strangers
from kanban_mcp.transport.live.websocket import LiveSockets
from kanban_mcp.transport.mcp.mcp_server import McpServer
from kanban_mcp.transport.pages.metrics import Metrics
from kanban_mcp.transport.pages.readiness import Readiness
from kanban_mcp.transport.pages.web import Web
from kanban_mcp.transport.problems import other_method, problem, refuse
from kanban_mcp.transport.replies import Begin
from kanban_mcp.transport.rest.endpoint import PREFIX
from kanban_mcp.transport.rest.openapi import OpenApi
from kanban_mcp.transport.rest.reader import Reader
from kanban_mcp.transport.rest.rest import Rest
from kanban_mcp.transport.server.compression import Compression
from kanban_mcp.transport.server.ending import Ending
from kanban_mcp.transport.server.express import Express
from kanban_mcp.transport.streamable.mcp_http import PATHS, McpHttp
from kanban_mcp.transport.wire.fast_lane import FastLane


class Site(NamedTuple):
    """The application, its lifespan to be entered once; and `close`, which ends what would wait or stay open.

    `begin`, where there is one, may be asked before the application, whose scope it takes.

    `paths` are all there are, with their parameters in braces.
    """

    asgi: ASGIApp
    close: Callable[[], None]
    paths: tuple[str, ...]
    begin: Begin | None = None


def site(app: App) -> Site:
    """The application over an open app."""
    fast = FastLane(app.settings, lambda: app.runner, "http") if app.settings.fast_lane else None
    rest, keyring, strangers = Rest(app), Keyring(app), Strangers(ClientAddresses(app.settings.trusted_proxies))
    heartbeat = Heartbeat(keyring, app.settings.websocket_heartbeat_seconds)
    mcp = McpHttp(McpServer(app), app.watch.connections, heartbeat, fast)
    live = LiveSockets(app, keyring, heartbeat, strangers)
    shared = None if app.settings.redis_url is None else SharedWindows(app.settings.redis_url)
    openapi = OpenApi(app, rest.addresses)

    @contextlib.asynccontextmanager
    async def lifespan(_: Router) -> AsyncIterator[None]:
        async with mcp.running(), heartbeat.running(), contextlib.AsyncExitStack() as closing:
            if shared is not None:
                closing.push_async_callback(shared.close)
            yield

    routes = [
        *openapi.routes,
        *Reader(openapi).routes,
        *Metrics(app, rest).routes,
        *mcp.routes,
        *live.routes,
        *Readiness(app).routes,
        *Web(app).routes,
    ]
    inner = _first(rest, mcp, _by_method(routes, Router(routes=routes, default=_nowhere, lifespan=lifespan)))
    paths = (*(PREFIX + each.template for each in rest.addresses.resources), *PATHS, *map(_path, routes))

    def close() -> None:
        app.runner.release()
        mcp.close()

    way = _way(inner, app, keyring, strangers, shared)
    # Spans, and counts that processes share, need to wait or to know more than is known then.
    begin = None
    if mcp.fast is not None and shared is None and app.watch.tracing is None:
        begin = Express(way.guard, keyring, way.admission, way.limit, rest, mcp.fast).begin
    return Site(Ending(way.guard), close, paths, begin)


def _path(route: BaseRoute) -> str:
    assert isinstance(route, Route | WebSocketRoute | Mount)
    return route.path


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    error = NotFound("There is nothing at this address.", hint="/openapi.json lists those of REST; MCP is at /mcp.")
    await refuse(problem(error), scope, receive, send)


def _by_method(routes: list[BaseRoute], router: ASGIApp) -> ASGIApp:
    """The routes, with a problem for a method that an address does not take: they themselves would say it as text."""
    pages = [route for route in routes if isinstance(route, Route) and route.methods]

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        at = [route for route in pages if route.matches(scope)[0] is not Match.NONE]
        takes = {method for route in at for method in route.methods or ()}
        if at and scope["method"] not in takes:
            refusal = other_method(scope["method"], (*sorted(takes), "OPTIONS"), at[0].path, scope["path"])
            await refusal(scope, receive, send)
        else:
            await router(scope, receive, send)

    return asked


def _first(rest: Rest, mcp: McpHttp, others: ASGIApp) -> ASGIApp:
    """REST and MCP at their addresses, without a look at all the other routes before."""

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith(PREFIX) and path[len(PREFIX) :][:1] in ("", "/"):
            await rest(scope, receive, send)
        elif path in PATHS:
            await mcp.streamable(scope, receive, send)
        else:
            await others(scope, receive, send)

    return chosen


class _Way(NamedTuple):
    """What every request passes: `guard` leads to the others."""

    guard: Guard
    admission: Admission
    limit: RateLimit | None


def _way(inner: ASGIApp, app: App, keyring: Keyring, strangers: Strangers, shared: SharedWindows | None) -> _Way:
    """The way of every request, written from the inside out."""
    settings, addresses = app.settings, ClientAddresses(app.settings.trusted_proxies)
    if app.watch.tracing is not None:
        from kanban_mcp.transport.access.traces import Traces  # noqa: PLC0415 - loads what only collectors of spans need

        inner = Traces(inner)
    inner = Compression(inner)
    inner = Bodies(inner)
    limit = None
    if settings.rate_limit:
        inner = limit = RateLimit(inner, limit=settings.rate_limit, addresses=addresses, shared=shared)
    inner = admission = Admission(inner, keyring, strangers, bound=settings.host, actor=settings.actor)
    if settings.allowed_origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=settings.allowed_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    guard = Guard(inner, bound=settings.host, hosts=settings.allowed_hosts, origins=settings.allowed_origins)
    return _Way(guard, admission, limit)
