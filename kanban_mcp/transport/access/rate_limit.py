"""How often a caller may ask: an exact sliding window, shared by processes where there is a Redis."""

import math
import time

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.errors import RateLimited
from kanban_mcp.transport.access.clients import ClientAddresses
from kanban_mcp.transport.access.shared_windows import SharedWindows
from kanban_mcp.transport.access.windows import Verdict, Windows
from kanban_mcp.transport.problems import problem, refuse

UNCOUNTED = ("/health",)
"""Whoever watches over the server must see it as it is, also while others flood it."""


class RateLimit:
    """Refuses callers that ask more than so often in 60 seconds (429), and tells all how much is left.

    A caller with a key counts by the key, which was checked; all others by address. `scope["caller"]` is there.
    WebSockets have a limit of their own, on how many are open: all may come back at once after a restart.
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
        if scope["type"] != "http" or scope["path"].startswith(UNCOUNTED):
            await self._inner(scope, receive, send)
            return
        verdict = self.count(scope) if self._shared is None else await self._hit(self._shared, self._name(scope))
        if not verdict.allowed:
            await refuse(too_many(verdict), scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *told(verdict)]
            await send(message)

        await self._inner(scope, receive, telling)

    def count(self, scope: Scope) -> Verdict:
        """Count a request in this process, unless it has been; `scope["verdict"]` is there then."""
        verdict: Verdict | None = scope.get("verdict")
        if verdict is None:
            scope["verdict"] = verdict = self._windows.hit(self._name(scope))
        return verdict

    def _name(self, scope: Scope) -> str:
        key = scope["caller"].key
        return f"key:{key}" if key is not None else f"address:{self._addresses.of(scope)}"

    async def _hit(self, shared: SharedWindows, name: str) -> Verdict:
        # Counted here in any case: when Redis goes away, who used up the limit there has used it up here.
        verdict = await shared.hit(name, self._windows.limit)
        if verdict is None:
            return self._windows.hit(name)
        if verdict.allowed:
            self._windows.hit(name)
        return verdict


def too_many(verdict: Verdict) -> Response:
    """The answer to a request beyond the limit."""
    wait = max(1, math.ceil(verdict.reset_seconds))
    error = RateLimited(f"More than {verdict.limit} requests in a minute.", hint=f"Ask again in {wait} s.")
    headers = {name.decode(): value.decode() for name, value in told(verdict)}
    return problem(error, headers={"Retry-After": str(wait), **headers}, retryAfter=wait)


def told(verdict: Verdict) -> tuple[tuple[bytes, bytes], ...]:
    """What is left, and when the oldest request ceases to count, in milliseconds since 1970."""
    return (
        (b"x-ratelimit-limit", b"%d" % verdict.limit),
        (b"x-ratelimit-remaining", b"%d" % verdict.remaining),
        (b"x-ratelimit-reset", b"%d" % math.ceil((time.time() + verdict.reset_seconds) * 1000)),
    )
