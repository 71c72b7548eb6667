"""uvicorn's HTTP protocol, with an end to waiting for the headers of a request.

uvicorn ends idle connections between requests, and refuses headers that are too large. One that sends its headers
a byte at a time, or none, it would keep for ever.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADER_SECONDS = 10.0


def patient_protocol(seconds: float = HEADER_SECONDS) -> type[asyncio.Protocol]:
    """The protocol that closes a connection whose headers take longer than that."""

    class Patient(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.waiting = self.loop.call_later(seconds, self.give_up)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.is_served():
                self.rest()
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
            if self.waiting is not None:
                self.waiting.cancel()
                self.waiting = None

        def give_up(self) -> None:
            self.waiting = None
            if not self.is_served():
                self.transport.close()

    return Patient
