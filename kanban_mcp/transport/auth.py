"""Who a request is from: `scope["caller"]`, for all routes alike."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kanban_mcp.models.caller import ADMIN, Caller

LONGEST_ACTOR = 100


class Admission:
    """Puts the Caller into each request's scope."""

    def __init__(self, inner: ASGIApp, *, actor: str | None) -> None:
        self._inner = inner
        self._actor = actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in with its caller."""
        if scope["type"] in ("http", "websocket"):
            scope["caller"] = Caller(self._actor or _claimed(Headers(scope=scope)), ADMIN)
        await self._inner(scope, receive, send)


def _claimed(headers: Headers) -> str:
    """The name that someone on this machine gives itself, on one line and no longer than an actor may be."""
    name = " ".join(headers.get("x-actor", "").split())
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST_ACTOR]
