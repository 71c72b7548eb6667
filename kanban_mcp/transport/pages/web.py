"""The board in a browser: one page, its modules, and the charts."""

import hashlib
import mimetypes
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kanban_mcp.app import App
from kanban_mcp.charts import Chart
from kanban_mcp.errors import KanbanError, NotFound, Unauthorized
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.fields import LARGEST_ID
from kanban_mcp.reports.report import drawn, report
from kanban_mcp.transport.access.auth import cookie_name, given_key
from kanban_mcp.transport.problems import problem
from kanban_mcp.transport.rest.rest import ANONYMOUS

PAGES = ("/", "/boards/{board:int}", "/boards/{board:int}/charts", "/tasks/{task:int}", "/diagnostics")
"""Addresses of pages; the modules tell them apart."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
NO_STORE = {"cache-control": "no-store"}
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
# A chart is a document with a style of its own, also when it is looked at alone.
CHART_POLICY = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


class Web:
    """The pages. Assets have the hash of them all in their address, so that a browser never asks twice."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._files = {each.name: each.read_bytes() for each in _assets()}
        self.digest = _digest(self._files)
        self._page = self._files.pop("index.html").replace(b"{digest}", self.digest.encode())
        self.routes: list[BaseRoute] = [
            *(Route(address, self._show, methods=["GET"]) for address in PAGES),
            Route("/session", self._session, methods=["GET"]),
            Route("/session", self._sign_in, methods=["POST"]),
            Route("/session", self._sign_out, methods=["DELETE"]),
            Route("/assets/{digest}/{name}", self._asset, methods=["GET"]),
            Route("/boards/{board:int}/charts.json", self._charts, methods=["GET"]),
            Route("/boards/{board:int}/charts/{name}.svg", self._chart, methods=["GET"]),
        ]

    async def _show(self, request: Request) -> Response:
        return Response(self._page, media_type="text/html", headers={**HEADERS, "cache-control": "no-cache"})

    async def _session(self, request: Request) -> Response:
        """Who the page speaks for, and whether they may change anything."""
        caller: Caller = request.scope["caller"]
        if not caller.scopes:
            return problem(Unauthorized("This server asks for an API key.", hint="Sign in with one."))
        writes = "write" in caller.scopes and not self._app.settings.read_only
        said = {"actor": caller.actor or ANONYMOUS, "writes": writes, "signedIn": caller.key is not None}
        return JSONResponse(said, headers=NO_STORE)

    async def _sign_in(self, request: Request) -> Response:
        """Keep the key that the request brings, for pages of this browser; whether it is a good one was seen before."""
        key = given_key(request.scope["headers"])
        if key is None:
            return problem(Unauthorized("There is no key in the request.", hint="Send it as `Authorization: Bearer`."))
        response = await self._session(request)
        self._keep(response, request, key)
        return response

    async def _sign_out(self, request: Request) -> Response:
        response = Response(status_code=204, headers=NO_STORE)
        self._keep(response, request, "", max_age=0)
        return response

    def _keep(self, response: Response, request: Request, key: str, max_age: int | None = None) -> None:
        # Browsers say in Origin how they reached us, also where a proxy speaks TLS for us.
        secure = request.headers.get("origin", str(request.url)).startswith("https:")
        name = cookie_name(dict(request.scope["headers"]))
        response.set_cookie(name, key, max_age=max_age, httponly=True, samesite="strict", secure=secure)

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = self._files.get(name) if request.path_params["digest"] == self.digest else None
        if content is None:
            return problem(NotFound("There is no such file.", hint="Load the page again."))
        kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
        return Response(content, media_type=kind, headers={**HEADERS, **FOR_EVER})

    async def _charts(self, request: Request) -> Response:
        """What each chart is called and shows, for those who read rather than look."""
        try:
            charts = await self._drawn(request)
        except KanbanError as error:
            return problem(error)
        return JSONResponse({"charts": [_told(chart) for chart in charts]}, headers=NO_STORE)

    async def _chart(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            chart = next((chart for chart in await self._drawn(request) if chart.name == name), None)
            if chart is None:
                raise NotFound(f"There is no chart {name[:60]!r}.", hint="charts.json names them.")
        except KanbanError as error:
            return problem(error)
        headers = {**HEADERS, **CHART_POLICY, **NO_STORE}
        return Response(chart.svg, media_type="image/svg+xml", headers=headers)

    async def _drawn(self, request: Request) -> tuple[Chart, ...]:
        caller: Caller = request.scope["caller"]
        board: int = request.path_params["board"]
        if board > LARGEST_ID:
            raise NotFound("There is no board of so high a number.", hint="list_boards shows the boards.")
        return await anyio.to_thread.run_sync(lambda: drawn(report(self._app, board, caller=caller)))


def _assets() -> Iterator[Traversable]:
    for each in resources.files("kanban_mcp.web").iterdir():
        if each.name.endswith((".html", ".css", ".js", ".svg")):
            yield each


def _digest(files: dict[str, bytes]) -> str:
    hashed = hashlib.sha256()
    for name, content in sorted(files.items()):
        hashed.update(name.encode() + b"\0" + content)
    return hashed.hexdigest()[:16]


def _told(chart: Chart) -> dict[str, Any]:
    table = {"columns": chart.table.columns, "rows": chart.table.rows}
    return {"name": chart.name, "title": chart.title, "description": chart.description, "table": table}
