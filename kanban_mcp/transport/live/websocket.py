"""Changes as they happen, at `/ws`: who is connected, and for how long."""

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from kanban_mcp.app import App
from kanban_mcp.transport.access.heartbeat import Heartbeat
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.strangers import SHARE, STRANGER, Strangers
from kanban_mcp.transport.live.rooms import Rooms
from kanban_mcp.transport.live.sockets import Socket

FULL = 1013


class LiveSockets:
    """All WebSockets of a server."""

    def __init__(self, app: App, keyring: Keyring, heartbeat: Heartbeat, strangers: Strangers) -> None:
        self._app = app
        self._keyring = keyring
        self._heartbeat = heartbeat
        self._strangers = strangers
        settings = app.settings
        self._rooms = Rooms(
            app.news,
            most=settings.websocket_batch,
            seconds=settings.websocket_batch_ms / 1000,
            on_told=app.watch.connections.sent,
        )
        self._sockets: set[Socket] = set()
        self.routes: list[BaseRoute] = [WebSocketRoute("/ws", self._serve)]

    async def _serve(self, websocket: WebSocket) -> None:
        socket = Socket(websocket, self._app, self._rooms, self._keyring)
        if self._is_full(socket):
            # Not before it is accepted: that would be an HTTP 403, and its client would not know to try again.
            await websocket.accept()
            await websocket.close(FULL, "All places are taken; try again later.")
            return
        self._sockets.add(socket)
        try:
            with self._app.watch.connections.counting("websocket"), self._heartbeat.watching(socket):
                await websocket.accept()
                await socket.serve()
        finally:
            self._sockets.discard(socket)
            if socket.caller == STRANGER:
                self._strangers.failed(websocket.scope)

    def _is_full(self, socket: Socket) -> bool:
        most = self._app.settings.websocket_connections
        if socket.caller == STRANGER:
            waiting = sum(each.caller == STRANGER for each in self._sockets)
            if waiting >= max(1, most // SHARE):
                return True
        return len(self._sockets) >= most
