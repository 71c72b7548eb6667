"""What a request is told that gets no answer of its own: the server ends, or fails."""

import asyncio
import logging

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.errors import Busy, Internal, KanbanError
from kanban_mcp.transport.problems import problem

RETRY_SECONDS = 1

log = logging.getLogger(__name__)


class Ending:
    """Answers requests that are cancelled with 503, and those that fail with 500. Else uvicorn answers, in plain text.

    What failed is for the log, once, and not for who asked.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the answer says so when it ends before its time."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._inner(scope, receive, noted)
        except asyncio.CancelledError:
            if not begun:
                await ended()(scope, receive, send)
        except Exception as error:
            if begun:
                raise  # uvicorn logs it and cuts the connection, by which the client knows that there is more
            await failed(error, scope)(scope, receive, send)


def ended() -> Response:
    """The answer to a request that is cancelled."""
    error = Busy("The server ends.", hint="Ask again soon; what writes, with the same idempotency key.")
    return problem(error, headers={"Retry-After": str(RETRY_SECONDS), "Connection": "close"})


def failed(error: Exception, scope: Scope) -> Response:
    """The answer to a request that fails with the exception being handled, which the log is told."""
    return problem(_told(error), instance=scope["path"])


def _told(error: Exception) -> KanbanError:
    if isinstance(error, KanbanError):
        return error
    log.exception("request failed")
    return Internal("The server failed on this request.", hint="Its log says why.")
