"""What a request is told that the end of the server cuts off."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.errors import Busy
from kanban_mcp.transport.problems import problem

RETRY_SECONDS = 1


class Ending:
    """Answers requests that are cancelled with 503. Else uvicorn answers 500 and logs each as a failure."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the answer says so when it ends before its time."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._inner(scope, receive, noted if scope["type"] == "http" else send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            if not begun:
                error = Busy("The server ends.", hint="Ask again soon; what writes, with the same idempotency key.")
                response = problem(error, headers={"Retry-After": str(RETRY_SECONDS), "Connection": "close"})
                await response(scope, receive, send)
