"""Changes as they happen, at `/ws`: who is connected, and for how long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from kanban_mcp.app import App
from kanban_mcp.transport.auth import STRANGER
from kanban_mcp.transport.keyring import Keyring
from kanban_mcp.transport.rooms import Rooms
from kanban_mcp.transport.sockets import POLICY, Socket

FULL = 1013


class LiveSockets:
    """All WebSockets of a server; they are watched over while `running()` is entered."""

    def __init__(self, app: App, keyring: Keyring) -> None:
        self._app = app
        self._keyring = keyring
        settings = app.settings
        self._rooms = Rooms(
            app.news,
            most=settings.websocket_batch,
            seconds=settings.websocket_batch_ms / 1000,
            on_told=app.watch.connections.sent,
        )
        self._sockets: set[Socket] = set()
        self.routes: list[BaseRoute] = [WebSocketRoute("/ws", self._serve)]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look after the sockets until the end of the block."""
        watching = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _serve(self, websocket: WebSocket) -> None:
        socket = Socket(websocket, self._app, self._rooms, self._keyring)
        if len(self._sockets) >= self._app.settings.websocket_connections:
            # Not before it is accepted: that would be an HTTP 403, and its client would not know to try again.
            await websocket.accept()
            await websocket.close(FULL, "All places are taken; try again later.")
            return
        self._sockets.add(socket)
        try:
            with self._app.watch.connections.counting("websocket"):
                await websocket.accept()
                await socket.serve()
        finally:
            self._sockets.discard(socket)

    async def _watch(self) -> None:
        """At each heartbeat, end the sockets whose key is no longer good; each key is asked about once."""
        before: set[Socket] = set()
        while True:
            await asyncio.sleep(self._app.settings.websocket_heartbeat_seconds)
            callers = {socket.caller for socket in self._sockets}
            gone = {caller for caller in callers if not self._keyring.still_valid(caller)}
            for socket in list(self._sockets):
                # Strangers have a whole heartbeat to bring a key.
                if socket.caller in gone and (socket.caller != STRANGER or socket in before):
                    socket.end(POLICY, "The key is not valid, or no longer.")
            before = set(self._sockets)
