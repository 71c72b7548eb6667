"""What HTTP is measured against: bare Starlette routes with given bytes, the SDK's server with an empty tool, and the
least that could answer a call: a bare ASGI application with one statement.
"""

import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from mcp.server import MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.bare_server import answered, opened

server = MCPServer("stock")


@server.tool()
async def empty() -> str:
    """Do nothing."""
    return ""


def application(body: bytes, db: str) -> ASGIApp:
    """All of them, in one application."""
    starlette, file = _starlette(body), opened(db)

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/read":
            await starlette(scope, receive, send)
            return
        line = answered(file, (await receive())["body"])
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(line))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": line})

    return chosen


def _starlette(body: bytes) -> Starlette:

    async def answer(request: Request) -> Response:
        return Response(body, media_type="application/json")

    async def unchanged(request: Request) -> Response:
        return Response(status_code=304)

    mcp = server.streamable_http_app(json_response=True, stateless_http=True)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with server.session_manager.run():
            yield

    routes = [Route("/bytes", answer), Route("/unchanged", unchanged), *mcp.routes]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    port, file, db = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    # The SDK writes every request to the log, which would be measured too.
    logging.getLogger().setLevel(logging.WARNING)
    uvicorn.run(
        application(file.read_bytes(), db), port=port, log_config=None, server_header=False, proxy_headers=False
    )
