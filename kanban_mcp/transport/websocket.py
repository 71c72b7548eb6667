"""Changes as they happen, at `/ws`: who is connected, and for how long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.frames import Frame, welcome
from kanban_mcp.transport.rooms import Rooms
from kanban_mcp.transport.sockets import MOST_ROOMS, POLICY, Socket

FULL = 1013


class LiveSockets:
    """All WebSockets of a server; they are watched over while `running()` is entered.

    `still_welcome` is asked at each heartbeat whether a caller's key is still good.
    """

    def __init__(self, app: App, still_welcome: Callable[[Caller], bool] = lambda _: True) -> None:
        self._app = app
        self._still_welcome = still_welcome
        settings = app.settings
        self._rooms = Rooms(app.news, most=settings.websocket_batch, seconds=settings.websocket_batch_ms / 1000)
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
        socket = Socket(websocket, self._app, self._rooms)
        socket.on_sent = self._app.watch.connections.sent
        if len(self._sockets) >= self._app.settings.websocket_connections:
            # Not before it is accepted: that would be an HTTP 403, and its client would not know to try again.
            await websocket.accept()
            await websocket.close(FULL, "All places are taken; try again later.")
            return
        self._sockets.add(socket)
        try:
            with self._app.watch.connections.open("websocket"):
                await websocket.accept()
                await socket.serve(self._welcome())
        finally:
            self._sockets.discard(socket)

    def _welcome(self) -> Frame:
        settings = self._app.settings
        return welcome(
            self._app.news.last(),
            heartbeat=settings.websocket_heartbeat_seconds,
            most_messages=settings.websocket_batch,
            most_rooms=MOST_ROOMS,
        )

    async def _watch(self) -> None:
        """At each heartbeat, end the sockets whose key is no longer good; each key is asked about once."""
        while True:
            await asyncio.sleep(self._app.settings.websocket_heartbeat_seconds)
            callers = {socket.caller for socket in self._sockets}
            gone = {caller for caller in callers if not self._still_welcome(caller)}
            for socket in list(self._sockets):
                if socket.caller in gone:
                    socket.end(POLICY, "The key is no longer valid.")
