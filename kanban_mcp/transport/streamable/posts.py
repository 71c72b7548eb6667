"""What clients of the older era post: only messages pass, and each request gets its own answer.

A client is to give each request of a session an id of its own, and some hosts do not: claude.ai gives all the same
(modelcontextprotocol/python-sdk#3060). The SDK would give the answer of one to another, and none to the first.
"""

from uuid import uuid4

from mcp import types
from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kanban_mcp.transport.access.bodies import body_of, replayed
from kanban_mcp.transport.access.fields import fields
from kanban_mcp.transport.mcp.messages import NoMessage, parsed, written
from kanban_mcp.transport.wire.introduction import HANDSHAKE_VERSIONS
from kanban_mcp.transport.wire.recognition import RequestId

_OLDER = {None, *(version.encode() for version in HANDSHAKE_VERSIONS)}
_STREAM = "_GET_stream"
"""What the SDK calls the stream that belongs to no request, among the ids of those that do."""


class Posts:
    """Before the SDK's endpoints.

    A request whose id is under way in its session has another one on its way in, and its own on its way out; to take
    it back by its id takes back the one that came first.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self._under_way: set[tuple[bytes, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = fields(scope)
        if scope["method"] != "POST" or headers.get(b"mcp-protocol-version") not in _OLDER:
            await self._inner(scope, receive, send)
            return
        body = await body_of(receive)
        try:
            message = parsed(body)
        except NoMessage as fault:
            await Response(written(fault.answer()), 400, media_type="application/json")(scope, receive, send)
            return
        again, session = replayed(body, receive), headers.get(b"mcp-session-id")
        if session is None or not isinstance(message, types.JSONRPCRequest):
            await self._inner(scope, again, send)
        elif (key := (session, str(message.id))) in self._under_way or key[1] == _STREAM:
            await self._renamed(message, scope, receive, send)
        else:
            self._under_way.add(key)
            try:
                await self._inner(scope, again, send)
            finally:
                self._under_way.remove(key)

    async def _renamed(self, message: types.JSONRPCRequest, scope: Scope, receive: Receive, send: Send) -> None:
        name = uuid4().hex
        inside, outside = _field(name), _field(message.id)

        async def restored(part: Message) -> None:
            if part["type"] == "http.response.body":
                part = {**part, "body": part.get("body", b"").replace(inside, outside)}
            await send(part)

        renamed = written(message.model_copy(update={"id": name}))
        await self._inner(scope, replayed(renamed, receive), restored)


def _field(request: RequestId) -> bytes:
    """An id as the SDK writes it into an answer."""
    return b'"id":' + to_json(request)
