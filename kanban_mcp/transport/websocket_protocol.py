"""The server's end of a WebSocket's connection, where uvicorn's does not do."""

import asyncio
import socket
from asyncio.transports import BaseTransport

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

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

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """Called when the application is done. Closing alone waits for the client to take the rest, for ever."""
        super().on_task_complete(task)
        self.loop.call_later(FLUSH_SECONDS, self.transport.abort)
