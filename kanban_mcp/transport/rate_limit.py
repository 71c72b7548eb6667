"""How often a caller may ask: an exact sliding window, shared by processes where there is a Redis."""

import math
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.errors import RateLimited
from kanban_mcp.transport.clients import ClientAddresses
from kanban_mcp.transport.problems import problem, refuse
from kanban_mcp.transport.shared_windows import SharedWindows
from kanban_mcp.transport.windows import Verdict, Windows

UNCOUNTED = ("/health",)
"""Whoever watches over the server must see it as it is, also while others flood it."""


class RateLimit:
    """Refuses callers that ask more than so often in 60 seconds (429), and tells all how much is left.

    A caller with a key counts by the key, which was checked; all others by address. `scope["caller"]` is there.
    """

    def __init__(
        self, inner: ASGIApp, *, limit: int, addresses: ClientAddresses, shared: SharedWindows | None = None
    ) -> None:
        self._inner = inner
        self._addresses = addresses
        self._windows = Windows(limit)
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and pass it on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(UNCOUNTED):
            await self._inner(scope, receive, send)
            return
        verdict = await self._hit(self._name(scope))
        if not verdict.allowed:
            await refuse(too_many(verdict), scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _tell(message, verdict)
            await send(message)

        await self._inner(scope, receive, told if scope["type"] == "http" else send)

    def _name(self, scope: Scope) -> str:
        key = scope["caller"].key
        return f"key:{key}" if key is not None else f"address:{self._addresses.of(scope)}"

    async def _hit(self, name: str) -> Verdict:
        # Counted here in any case: when Redis goes away, who used up the limit there has used it up here.
        if self._shared is None:
            return self._windows.hit(name)
        verdict = await self._shared.hit(name, self._windows.limit)
        if verdict is None:
            return self._windows.hit(name)
        if verdict.allowed:
            self._windows.hit(name)
        return verdict


def too_many(verdict: Verdict) -> Response:
    """The answer to a request beyond the limit."""
    wait = max(1, math.ceil(verdict.reset_seconds))
    error = RateLimited(f"More than {verdict.limit} requests in a minute.", hint=f"Ask again in {wait} s.")
    return problem(error, headers={"Retry-After": str(wait), **_headers(verdict)}, retryAfter=wait)


def _tell(message: MutableMapping[str, Any], verdict: Verdict) -> None:
    told = [(name.lower().encode(), value.encode()) for name, value in _headers(verdict).items()]
    message["headers"] = [*message.get("headers", []), *told]


def _headers(verdict: Verdict) -> dict[str, str]:
    """What is left, and when the oldest request ceases to count, in milliseconds since 1970."""
    return {
        "X-RateLimit-Limit": str(verdict.limit),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset": str(math.ceil((time.time() + verdict.reset_seconds) * 1000)),
    }
