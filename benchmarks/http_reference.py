"""What HTTP is measured against: bare Starlette routes with given bytes, and the SDK's server with an empty tool."""

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

server = MCPServer("stock")


@server.tool()
async def empty() -> str:
    """Do nothing."""
    return ""


def application(body: bytes) -> Starlette:
    """Both, in one application."""

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
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    # The SDK writes every request to the log, which would be measured too.
    logging.getLogger().setLevel(logging.WARNING)
    uvicorn.run(application(file.read_bytes()), port=port, log_config=None, server_header=False, proxy_headers=False)
