"""uvicorn's HTTP protocol, with an end to waiting for the headers of a request, and to their size.

uvicorn ends idle connections between requests. One that sends its headers a byte at a time, or none, it would keep for
ever; and with httptools it takes headers of any size.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADER_SECONDS = 10.0
LARGEST_HEADERS = 65_536
TOO_LARGE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


def patient_protocol(seconds: float = HEADER_SECONDS) -> type[asyncio.Protocol]:
    """The protocol that closes a connection whose headers take longer than that."""

    class Patient(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        waiting: asyncio.TimerHandle | None = None
        unserved = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.waiting = self.loop.call_later(seconds, self.give_up)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.is_served():
                self.rest()
                return
            self.unserved += len(data)
            if self.unserved > LARGEST_HEADERS and not self.transport.is_closing():
                self.transport.write(TOO_LARGE)
                self.transport.close()
            elif self.waiting is None:
                self.waiting = self.loop.call_later(seconds, self.give_up)

        def connection_lost(self, exc: Exception | None) -> None:
            self.rest()
            super().connection_lost(exc)

        def is_served(self) -> bool:
            """Whether a request is under way, or another protocol, that of WebSockets, has taken over."""
            answering = self.cycle is not None and not self.cycle.response_complete
            return answering or self.transport.get_protocol() is not self

        def rest(self) -> None:
            self.unserved = 0
            if self.waiting is not None:
                self.waiting.cancel()
                self.waiting = None

        def give_up(self) -> None:
            self.waiting = None
            if not self.is_served():
                self.transport.close()

    return Patient
