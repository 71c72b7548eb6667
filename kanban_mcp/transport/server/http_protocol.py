"""uvicorn's HTTP protocol, with an end to waiting for the headers of a request, to their size, and to connections.

uvicorn ends idle connections between requests. One that sends its headers a byte at a time, or none, it would keep for
ever; and with httptools it takes headers of any size. Its limit on connections, once reached, refuses requests on all
of them, so that who opens many silences the others.
"""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from kanban_mcp.transport.replies import BAD_REQUEST, Begin
from kanban_mcp.transport.server.heads import Heads
from kanban_mcp.transport.server.joined import Joined

MOST_CONNECTIONS = 2000
"""Served at a time, WebSockets among them; a request on one more is answered 503."""
TOLD = 100
"""How many more may be there to be answered that; the next are closed unanswered, for each takes a file."""
HEADER_SECONDS = 10.0
LARGEST_HEADERS = 65_536
FULL = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_OFFER = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n|$)", re.IGNORECASE)
"""Of HTTP/2, as Java's own client makes it with its requests."""


def patient_protocol(seconds: float = HEADER_SECONDS, begin: Begin | None = None) -> type[asyncio.Protocol]:
    """The protocol that waits so long; with the parser in C, `begin` may answer without messages."""
    if begin is None or AutoHTTPProtocol.__name__ != "HttpToolsProtocol":
        return type("Protocol", (_Patient,), {"seconds": seconds})
    from kanban_mcp.transport.server.prompt_protocol import Prompt  # noqa: PLC0415 - needs what an extra brings

    return type("Protocol", (_Patient, Prompt), {"seconds": seconds, "begin": staticmethod(begin), "heads": Heads()})


class _Patient(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """uvicorn's choice of a protocol, which closes a connection whose headers take too long.

    What it calls that is not here is uvicorn's, or that of the class it stands before.
    """

    seconds = HEADER_SECONDS
    taken = False
    waiting: asyncio.TimerHandle | None = None
    unserved = 0
    surplus = False
    transport: Any

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(Joined(transport))
        self.surplus = len(self.connections) > MOST_CONNECTIONS
        if len(self.connections) > MOST_CONNECTIONS + TOLD:
            transport.abort()
        self.waiting = self.loop.call_later(self.seconds, self.give_up)

    def data_received(self, data: bytes) -> None:
        if self.surplus:
            self.refuse(FULL)
            self.logger.warning("More than %d connections are open.", MOST_CONNECTIONS)
            return
        if b"h2c" in data and not (self.unserved or self.is_served()):
            data = _without_offer(data)
        super().data_received(data)
        if self.taken or self.is_served():
            self.rest()
            return
        self.unserved += len(data)
        if self.unserved > LARGEST_HEADERS:
            self.refuse(BAD_REQUEST)
        elif self.waiting is None:
            self.waiting = self.loop.call_later(self.seconds, self.give_up)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Blanks after a value are no part of it; httptools, which alone calls this, leaves them there.
        super().on_header(name, value.rstrip(b" \t"))

    def on_response_complete(self) -> None:
        self.transport.flush()
        super().on_response_complete()

    def handle_websocket_upgrade(self, *request: Any) -> None:
        self.transport = self.transport.inner  # which is that of another protocol from here on
        super().handle_websocket_upgrade(*request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.rest()
        super().connection_lost(exc)

    def is_served(self) -> bool:
        """Whether a request is under way, or another protocol, that of WebSockets, has taken over."""
        answering = self.cycle is not None and not self.cycle.response_complete
        return answering or self.transport.get_protocol() is not self

    def refuse(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def rest(self) -> None:
        self.unserved = 0
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def give_up(self) -> None:
        self.waiting = None
        if not self.is_served():
            self.transport.close()


def _without_offer(data: bytes) -> bytes:
    """A request whose offer is not taken: the parser in C would have the other protocol begin where the body is."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return _OFFER.sub(b"", head) + end + rest
