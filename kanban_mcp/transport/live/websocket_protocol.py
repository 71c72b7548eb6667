"""The server's end of a WebSocket's connection, where uvicorn's does not do."""

import asyncio
import socket
from asyncio.transports import BaseTransport
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from kanban_mcp.transport.live.sockets import PUSH
from kanban_mcp.transport.replies import BAD_REQUEST

SEND_BUFFER = 65_536
"""Bytes the system may hold for a socket; left alone it takes megabytes for each client that does not read."""
FLUSH_SECONDS = 0.4
"""How long after its end a connection may take to pass on what was written."""


class Protocol(WebSocketsSansIOProtocol):
    """Bounds what waits for a client, and ends the connection also of one that takes nothing."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Called with the connection once its client asked for a WebSocket."""
        super().connection_made(transport)
        if (connection := transport.get_extra_info("socket")) is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def data_received(self, data: bytes) -> None:
        """Called with what came. What asks for a WebSocket in no right way, such as with a body, is refused.

        uvicorn would not answer it, and fail at the end of the server.
        """
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            self.handshake_complete = self.close_sent = True
            self.transport.write(b"".join(self.conn.data_to_send()) or BAD_REQUEST)
            self.transport.close()

    async def send(self, message: Any) -> None:
        """Called with what the application says. A refusal in its own words uvicorn would log as none."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True

    def handle_connect(self, event: Request) -> None:
        """Called with the client's request: offer the application to write frames that are made already."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][PUSH] = self.push  # type: ignore[assignment]  # uvicorn knows only its own

    def send_receive_event_to_app(self) -> None:
        """Called with a message that is whole. What is no UTF-8 is the client's mistake: no traceback in our log."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(self.frames):
            self.conn.send_close(1007)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def push(self, frame: bytes) -> bool:
        """Write a whole frame, unless the client is behind or the connection on its end."""
        if not self.handshake_complete or self.close_sent or self.transport.is_closing():
            return False
        if self.transport.get_write_buffer_size():
            return False
        self.transport.write(frame)
        return True

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """Called when the application is done. Closing alone waits for the client to take the rest, for ever."""
        super().on_task_complete(task)
        self.loop.call_later(FLUSH_SECONDS, self.transport.abort)


def _is_text(frames: list[bytes]) -> bool:
    try:
        b"".join(frames).decode()
    except UnicodeDecodeError:
        return False
    return True
