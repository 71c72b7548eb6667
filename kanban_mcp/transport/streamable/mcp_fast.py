"""The fast lane of MCP over HTTP: plain requests of the modern era, each of which says who asks and how."""

import asyncio
import re
from collections.abc import Awaitable, Mapping

from pydantic_core import from_json
from starlette.types import ASGIApp, Receive, Scope, Send

from kanban_mcp.transport.access.bodies import body_of, replayed
from kanban_mcp.transport.access.fields import concluded, fields, repeated
from kanban_mcp.transport.replies import Reply
from kanban_mcp.transport.wire.fast_lane import FastLane, Line
from kanban_mcp.transport.wire.introduction import MODERN_VERSION
from kanban_mcp.transport.wire.recognition import Request, enveloped, request_in
from kanban_mcp.transport.wire.repeats import PlainCall, Repeats

_VERSION, _METHOD, _NAME = b"mcp-protocol-version", b"mcp-method", b"mcp-name"
_PARAMETER = re.compile(b"mcp-param-").match


class FastHttp:
    """Answers what is plain, and gives the rest to the SDK's endpoint as it came."""

    def __init__(self, library: ASGIApp, fast: FastLane) -> None:
        self._library = library
        self._fast = fast
        self._repeats = Repeats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = concluded(scope, _headers)
        if headers is None:
            await self._library(scope, receive, send)
            return
        body = await body_of(receive)
        answer = self._answer(scope, headers, body)
        if answer is None:
            await self._library(scope, replayed(body, receive), send)
        elif isinstance(answer, bytes):
            await _reply(answer)(scope, receive, send)
        elif (line := await _unless_gone(answer, receive)) is not None:
            await _reply(line)(scope, receive, send)

    def begin(self, scope: Scope, body: bytes) -> Reply | Awaitable[Reply] | None:
        """The answer to a plain request, or the one to come."""
        headers = concluded(scope, _headers)
        answer = None if headers is None else self._answer(scope, headers, body)
        if answer is None:
            return None
        return _reply(answer) if isinstance(answer, bytes) else _later(answer)

    def _answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Line | Awaitable[Line] | None:
        caller, moment = scope["caller"], scope["moment"]
        if (again := self._repeats.find(body)) is not None:
            number, known = again
            if not _named_truly(known.call.operation.name, headers):
                return None
            return self._fast.make(number, *known, modern=True, caller=caller, moment=moment)
        try:
            request = request_in(from_json(body))
        except ValueError:
            return None
        if request is None or (asked := enveloped(request)) is None or not _told_truly(request, headers):
            return None
        if request.method != "tools/call":
            return self._fast.modern(*asked, caller=caller, moment=moment)
        plain, asker = asked
        if (call := self._fast.call(plain)) is None:
            return None
        if call.operation.effect == "read":
            self._repeats.keep(body, request, PlainCall(call, asker))
        return self._fast.make(request.id, call, asker, modern=True, caller=caller, moment=moment)


def _headers(scope: Scope) -> Mapping[bytes, bytes] | None:
    """The headers of a request that may be plain, by name."""
    headers = fields(scope)
    if repeated(scope) or any(map(_PARAMETER, headers)):
        return None
    accepted = headers.get(b"accept", b"")
    plain = (
        scope["method"] == "POST"
        and headers.get(_VERSION) == MODERN_VERSION.encode()
        and headers.get(b"content-type") == b"application/json"
        and (accepted == b"*/*" or (b"application/json" in accepted and b"text/event-stream" in accepted))
    )
    return headers if plain else None


def _told_truly(request: Request, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the headers that others route by say what the body says."""
    if request.method != "tools/call":
        return headers.get(_METHOD) == request.method.encode()
    name = request.params.get("name")
    return type(name) is str and name.isidentifier() and _named_truly(name, headers)


def _named_truly(name: str, headers: Mapping[bytes, bytes]) -> bool:
    """The same for the call of a tool."""
    return headers.get(_NAME) == name.encode() and headers.get(_METHOD) == b"tools/call"


async def _unless_gone(answer: Awaitable[Line], receive: Receive) -> Line | None:
    """The answer; none if the client leaves before, and then what has not begun is not done."""
    answering, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(receive())
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else None
    finally:
        leaving.cancel()
        answering.cancel()


async def _later(line: Awaitable[Line]) -> Reply:
    return _reply(await line)


def _reply(line: Line) -> Reply:
    return Reply(200, [(b"content-length", b"%d" % len(line)), (b"content-type", b"application/json")], line)
