"""Answers over HTTP, as they are sent."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from starlette.types import Receive, Scope, Send

Headers: TypeAlias = list[tuple[bytes, bytes]]


class Reply(NamedTuple):
    """An answer as it is sent: a Starlette response without what this needs not."""

    status_code: int
    headers: Headers
    body: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; it may be sent many times, so others on the way get headers of their own to change."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": [*self.headers]})
        await send({"type": "http.response.body", "body": self.body})


Begin: TypeAlias = Callable[[Scope, bytes], Reply | None]
"""From a request and its whole body to its answer, if that can be had at once."""
