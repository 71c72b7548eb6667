"""Bodies of requests: read whole, within limits, before an operation sees them."""

import asyncio
import contextlib
from codecs import BOM_UTF8
from collections.abc import Mapping

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.errors import Invalid, KanbanError
from kanban_mcp.transport.access.fields import fields
from kanban_mcp.transport.problems import problem

MOST_BYTES = 1024 * 1024
MOST_MCP_BYTES = 4 * MOST_BYTES
"""What the protocol's own limit is."""
_MCP = ("/mcp", "/messages")
SECONDS = 30.0
"""How long a body may take; one that stops in the middle would hold its memory for ever."""


LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * MOST_BYTES


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        self.response = response


class Bodies:
    """Lets JSON in, not compressed, of 1 MiB at most (4 MiB for MCP) and in 30 seconds; 413, 415 or 408 for the rest.

    A size that is declared is judged at once, one that is not while it comes.
    """

    def __init__(self, inner: ASGIApp, *, seconds: float = SECONDS) -> None:
        self._inner = inner
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body at hand, or refuse it."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        given = fields(scope)
        if not has_body(given):
            await self._inner(scope, receive, send)
            return
        most = MOST_MCP_BYTES if scope["path"].startswith(_MCP) else MOST_BYTES
        try:
            _check(given, most)
            async with asyncio.timeout(self._seconds) if not _is_whole(receive) else contextlib.nullcontext():
                body = await _read(receive, most)
        except _Refused as refused:
            await _answered(refused.response, scope, receive, send)
            return
        except TimeoutError:
            await _too_slow(self._seconds).response(scope, receive, send)
            return
        if body is not None:
            # Some programs begin with it what they send.
            await self._inner(scope, replayed(body.removeprefix(BOM_UTF8), receive), send)


def has_body(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request says that a body follows its head."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _is_whole(receive: Receive) -> bool:
    """Whether the whole body of a request has come, as far as the server it came to tells."""
    cycle = getattr(receive, "__self__", None)
    return getattr(cycle, "more_body", True) is False


def _check(headers: Mapping[bytes, bytes], most: int) -> None:
    """Refuse what the headers alone tell to be unwelcome."""
    if b"content-length" in headers and b"transfer-encoding" in headers:
        # A proxy before us may believe the other of the two, and take the rest for another request.
        raise _refused(Invalid("The body has two lengths.", hint="Send Content-Length or Transfer-Encoding."), 400)
    if (length := headers.get(b"content-length", b"0")).isdigit() and int(length) > most:
        raise _too_large(most)
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        error = Invalid("Compressed bodies are not taken.", hint="Send the body as it is, without Content-Encoding.")
        raise _Refused(problem(error, status=415, headers={"Accept-Encoding": "identity", **_CLOSE}))
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    # A form, the one thing a foreign page may send unasked, can not be of these types.
    if kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        error = Invalid("Bodies are JSON.", hint="Send JSON with Content-Type: application/json.")
        raise _Refused(problem(error, status=415, headers={"Accept": "application/json", **_CLOSE}))


async def _read(receive: Receive, most: int) -> bytes | None:
    """The body; None when the client left in the middle."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(most)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answered(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, but close only when the client has stopped sending, or after a while.

    A connection that is closed with bytes unread is reset, and the answer is lost with it.
    """

    async def held_open(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await response(scope, receive, held_open)
    with anyio.move_on_after(LINGER_SECONDS):
        left, more = LINGER_BYTES, True
        while more and left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            more = message.get("more_body", False)
    await send({"type": "http.response.body", "body": b""})


async def body_of(receive: Receive) -> bytes:
    """The body of a request that was let in; nothing of one whose client has left."""
    parts = [await receive()]
    while parts[-1].get("more_body"):
        parts.append(await receive())
    return b"".join(part.get("body", b"") for part in parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


_CLOSE = {"Connection": "close"}
"""The rest of a body that is not wanted is not waited for."""


def _too_large(most: int) -> _Refused:
    error = Invalid(f"The body is larger than {most} bytes.", hint="Send less at once.")
    return _refused(error, 413)


def _too_slow(seconds: float) -> _Refused:
    return _refused(Invalid(f"The body took more than {seconds:g} s.", hint="Send it again, faster."), 408)


def _refused(error: KanbanError, status: int) -> _Refused:
    return _Refused(problem(error, status=status, headers=_CLOSE))
