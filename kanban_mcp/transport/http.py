"""The HTTP server."""

import uvicorn

from kanban_mcp.app import App
from kanban_mcp.transport.asgi import asgi_app

STOP_SECONDS = 2
"""How long requests under way are waited for at the end; an open stream would keep the process for ever."""


async def serve(app: App) -> None:
    """Serve until a signal asks for the end."""
    await uvicorn.Server(configured(app)).serve()


def configured(app: App) -> uvicorn.Config:
    """The server's own settings."""
    settings = app.settings
    return uvicorn.Config(
        asgi_app(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        # Trusting forwarding headers, as is the default from loopback, would let callers choose their address.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
