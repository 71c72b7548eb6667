"""`/health`: whether the process lives, and whether it can serve. For what watches processes; it tells nothing else."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kanban_mcp.app import App

_HEADERS = {"Cache-Control": "no-store"}


class Readiness:
    """Live while it answers at all; ready while the store answers it."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def routes(self) -> list[BaseRoute]:
        """Where it is in the whole application."""
        return [Route("/health", self._ready), Route("/health/live", self._live), Route("/health/ready", self._ready)]

    async def _live(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_HEADERS)

    async def _ready(self, request: Request) -> Response:
        if await anyio.to_thread.run_sync(self._app.watch.health.answers):
            return JSONResponse({"status": "ok"}, headers=_HEADERS)
        return JSONResponse({"status": "failing"}, 503, {**_HEADERS, "Retry-After": "1"})
