"""The HTTP server."""

import asyncio
import contextlib
import errno
import gc
import os
import resource
import shlex
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import click
import uvicorn

from kanban_mcp.app import App
from kanban_mcp.errors import Unreachable, Unusable
from kanban_mcp.transport.access.guard import is_loopback
from kanban_mcp.transport.live.websocket_protocol import Protocol
from kanban_mcp.transport.server.asgi import Site, site
from kanban_mcp.transport.server.http_protocol import HEADER_SECONDS, patient_protocol
from kanban_mcp.transport.signals import ending
from kanban_mcp.transport.turns import shorten_turns

OPEN_FILES = 4096
"""What the most connections take, with those to the database file."""
STOP_SECONDS = 2
"""How long requests under way are waited for at the end; an open stream would keep the process for ever."""
LONGEST_FRAME = 65_536
"""Bytes in a frame from a client; a longer one closes the socket with 1009."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where this machine reaches a server that listens on all addresses."""
_OF_PORTS = (errno.EADDRINUSE, errno.EACCES)
"""Why an address is not to be had that is right but for its port."""


async def serve(app: App, listening: Callable[[str], None] | None = None) -> None:
    """Serve until a signal asks for the end; `listening` is told the address once it is served.

    Raises Unusable where everyone could reach it and none has a key.
    """
    _check_keys(app)
    _allow_open_files()
    server = HttpServer(app)
    server.on_listening = listening
    _let_the_loop_run()
    await server.serve()


def _let_the_loop_run() -> None:
    """Keep the event loop from waiting for what else the interpreter does."""
    # What is loaded stays. To look through it for garbage took 60 ms, every few seconds under load.
    gc.collect()
    gc.freeze()
    shorten_turns()


def _allow_open_files() -> None:
    """A shell allows 1,024, which is less than the sockets there are places for; a process may allow itself more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _check_keys(app: App) -> None:
    settings = app.settings
    with app.database.reading():
        if is_loopback(settings.host) or app.services.keys.any_usable():
            return
    raise Unusable(
        f"Other machines reach {settings.host or 'all addresses'}, and there is no API key to tell who calls.",
        hint=f"Make one: kanban-mcp keys create --actor NAME --scope write --db {shlex.quote(str(settings.db))}",
    )


async def _check_address(host: str, port: int) -> None:
    """Bind for a moment: where that fails, uvicorn logs the system's words and ends the process."""
    try:
        bound = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        hint = "Choose another --port; 0 takes a free one." if error.errno in _OF_PORTS else "Choose another --host."
        raise Unreachable(f"The server cannot listen on {_quoted(host)}:{port}: {reason}.", hint=hint) from error
    bound.close()


class HttpServer(uvicorn.Server):
    """Says where it listens, and at the end lets go what would stay open for ever.

    `header_seconds` is how long the headers of a request may take. `on_listening`, when set, is told the address.
    """

    on_listening: Callable[[str], None] | None = None

    def __init__(self, app: App, *, header_seconds: float = HEADER_SECONDS) -> None:
        self._site = site(app)
        super().__init__(_configured(app, self._site, header_seconds))
        self._connections = app.watch.connections
        self._connections.counted("http", self._others)

    def _others(self) -> int:
        """Connections beside those that are counted by what they carry."""
        return len(self.server_state.connections) - self._connections.opened

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals ask for the end. The inherited way raises them again after it, before the file is closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in ending()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; one line on stderr says where, also when the port was any free one. Raises Unreachable."""
        if sockets is None:
            await _check_address(self.config.host, self.config.port)
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        click.echo(f"kanban-mcp: serving on http://{_quoted(host)}:{port}", err=True)
        if self.on_listening is not None:
            self.on_listening(f"http://{_quoted(_EVERYWHERE.get(host, host))}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish requests under way, close WebSockets with 1012, which tells clients to come back."""
        self._site.close()
        await super().shutdown(sockets)
        if self.force_exit:
            # Left out then, and its task would be torn off.
            await self.lifespan.shutdown()


def _configured(app: App, site: Site, header_seconds: float) -> uvicorn.Config:
    settings = app.settings
    heartbeat = settings.websocket_heartbeat_seconds
    return uvicorn.Config(
        site.asgi,
        host=settings.host,
        port=settings.port,
        log_config=None,
        # One line a call would be most of the log; what a call did is in the change log and the monitors.
        access_log=False,
        # Trusting forwarding headers, as is the default from loopback, would let callers choose their address.
        proxy_headers=False,
        server_header=False,
        http=patient_protocol(header_seconds, site.begin),
        timeout_graceful_shutdown=STOP_SECONDS,
        ws=Protocol,
        ws_max_size=LONGEST_FRAME,
        ws_ping_interval=heartbeat,
        ws_ping_timeout=heartbeat * 0.9,  # so that a socket that is gone is noticed within two heartbeats
        # Each socket would keep 34 KB for it, and frames are short.
        ws_per_message_deflate=False,
    )


def _quoted(host: str) -> str:
    return f"[{host}]" if ":" in host else host
