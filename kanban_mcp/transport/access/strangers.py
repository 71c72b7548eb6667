"""Who asks without a valid key: how often an address may, and how many WebSockets wait for a key."""

from starlette.types import Scope

from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.access.clients import ClientAddresses
from kanban_mcp.transport.access.windows import Verdict, Windows

STRANGER = Caller("", frozenset(), frozenset())
"""Someone without a key, who may do and see nothing: on public routes, and on WebSockets, whose first message may
bring a key because browsers cannot set headers there."""
FAILURES = 20
"""Requests without a valid key that an address may make in a minute, sockets that brought none among them."""
SECONDS = 10.0
"""How long a WebSocket may be without a key, and no longer than a heartbeat."""
SHARE = 10
"""One in so many places for WebSockets may be taken by strangers: the others are for who has a key."""


class Strangers:
    """Counts failures by address, on all routes together."""

    def __init__(self, addresses: ClientAddresses) -> None:
        self._addresses = addresses
        self._failures = Windows(FAILURES)

    def failed(self, scope: Scope) -> Verdict:
        """Count a failure; not allowed is what comes after the last that an address has."""
        return self._failures.hit(self._addresses.of(scope))

    def standing(self, scope: Scope) -> Verdict:
        """Whether an address may still try, without counting that."""
        return self._failures.look(self._addresses.of(scope))
