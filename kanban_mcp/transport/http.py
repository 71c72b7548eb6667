"""The HTTP server."""

import shlex

import uvicorn

from kanban_mcp.app import App
from kanban_mcp.errors import Unusable
from kanban_mcp.transport.asgi import asgi_app
from kanban_mcp.transport.guard import is_loopback
from kanban_mcp.transport.http_protocol import HEADER_SECONDS, patient_protocol

MOST_CONNECTIONS = 2000
"""Open at a time, WebSockets among them; requests on more are answered 503."""
STOP_SECONDS = 2
"""How long requests under way are waited for at the end; an open stream would keep the process for ever."""


async def serve(app: App) -> None:
    """Serve until a signal asks for the end. Raises Unusable where everyone could reach it and none has a key."""
    _check_keys(app)
    server = uvicorn.Server(configured(app))
    app.watch.calls.connections["http"] = lambda: len(server.server_state.connections)
    await server.serve()


def _check_keys(app: App) -> None:
    settings = app.settings
    with app.database.reading():
        if is_loopback(settings.host) or app.services.keys.any_usable():
            return
    raise Unusable(
        f"Other machines reach {settings.host or 'all addresses'}, and there is no API key to tell who calls.",
        hint=f"Make one: kanban-mcp keys create --actor NAME --scope write --db {shlex.quote(str(settings.db))}",
    )


def configured(app: App, *, header_seconds: float = HEADER_SECONDS) -> uvicorn.Config:
    """The server's own settings; `header_seconds` is how long the headers of a request may take."""
    settings = app.settings
    return uvicorn.Config(
        asgi_app(app),
        host=settings.host,
        port=settings.port,
        log_config=None,
        # Trusting forwarding headers, as is the default from loopback, would let callers choose their address.
        proxy_headers=False,
        server_header=False,
        http=patient_protocol(header_seconds),
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
