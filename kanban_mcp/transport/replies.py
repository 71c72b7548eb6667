"""Answers over HTTP, as they are sent."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Headers: TypeAlias = list[tuple[bytes, bytes]]


class Reply(NamedTuple):
    """An answer as it is sent: a Starlette response without what this needs not."""

    status_code: int
    headers: Headers
    body: bytes = b""

    @classmethod
    def of(cls, response: Response) -> "Reply":
        """The same as a Starlette response whose body is there."""
        return cls(response.status_code, response.raw_headers, bytes(response.body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; it may be sent many times, so others on the way get headers of their own to change."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": [*self.headers]})
        await send({"type": "http.response.body", "body": self.body})


BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
"""What protocols answer that no application sees."""
CLOSE = (b"connection", b"close")
"""The header by which a connection ends with its answer."""

Begin: TypeAlias = Callable[[Scope, bytes], Reply | Awaitable[Reply] | None]
"""From a request and its whole body to its answer, or the one to come; None for a request that goes its usual way."""
