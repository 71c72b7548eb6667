"""REST: every operation of the catalogue at its address under `/api`.

Programs read it, so lists have whole rows, an object each; `?detail=summary` gives what agents get. Every operation is
there, whatever toolsets are offered to agents: those are chosen to save tokens.
"""

from collections import Counter
from collections.abc import Awaitable
from typing import NamedTuple

from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kanban_mcp.answers import Answer
from kanban_mcp.app import App
from kanban_mcp.errors import Busy, Invalid, KanbanError, NotFound
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.access.fields import fields
from kanban_mcp.transport.problems import other_method, problem
from kanban_mcp.transport.replies import Reply
from kanban_mcp.transport.rest.addresses import Addresses
from kanban_mcp.transport.rest.endpoint import PREFIX, Endpoint, PreconditionFailed, Question, Request

ANONYMOUS = "rest"
"""Who is logged when neither a key nor a setting names the caller."""
RETRY_SECONDS = 1
KEPT_BYTES = 4 * 1024 * 1024
"""What is remembered of GETs in all: what is the same is not written twice."""
_AROUND = 2000

_UNKNOWN = "unknown"


class Asked(NamedTuple):
    """What requests are counted by: the template of the address, never the address itself."""

    route: str
    method: str
    status: int


class _Known(NamedTuple):
    route: str
    endpoint: Endpoint
    question: Question

    @property
    def size(self) -> int:
        """Bytes, about: of the answer, and of what stands around it."""
        replies = self.question.replies
        return _AROUND + len(self.question.query) + (0 if replies is None else len(replies.whole.body))


class _Begun(NamedTuple):
    known: _Known
    answer: Answer | Awaitable[Answer] | Response


def _asked(known: _Known, scope: Scope) -> _Begun:
    """Ask a question."""
    try:
        return _Begun(known, known.endpoint.begin(known.question, _caller(scope), scope["moment"]))
    except KanbanError as error:
        return _Begun(known, _refusal(error, known.question.path))


class Rest:
    """The ASGI application under `/api`; `asked` counts what it answered.

    What a GET means is worked out once and remembered by its address, with the answer it had. Whether that is still
    true is asked each time, as is what the caller may see.
    """

    def __init__(self, app: App) -> None:
        self.addresses = Addresses(app.catalog.everything())
        self.asked: Counter[Asked] = Counter()
        self._endpoints = {operation.name: Endpoint(app, operation) for operation in app.catalog.everything()}
        self._known: LRUCache[tuple[bytes, bytes], _Known] = LRUCache(KEPT_BYTES, lambda known: known.size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is wrong with it is told as a problem document."""
        if (begun := self._begun(scope)) is not None:
            route, method, response = begun.known.route, "GET", await self._finished(begun, scope)
        else:
            route, method, response = await self._answered(scope, receive)
        self.asked[Asked(route, method, response.status_code)] += 1
        await response(scope, receive, send)

    def begin(self, scope: Scope) -> Reply | Awaitable[Reply] | None:
        """The answer to a question that was asked before, or the one to come."""
        begun = self._begun(scope)
        if begun is None:
            return None
        if isinstance(begun.answer, Answer):
            return self._counted(begun, self._told(begun.known, begun.answer, scope))
        return self._later(begun, scope)

    async def _later(self, begun: _Begun, scope: Scope) -> Reply:
        response = await self._finished(begun, scope)
        return self._counted(begun, response if isinstance(response, Reply) else Reply.of(response))

    def _counted(self, begun: _Begun, reply: Reply) -> Reply:
        self.asked[Asked(begun.known.route, "GET", reply.status_code)] += 1
        return reply

    def _begun(self, scope: Scope) -> _Begun | None:
        """What was begun for a question that was asked before."""
        known = self._known.get((scope["raw_path"], scope["query_string"])) if scope["method"] == "GET" else None
        return None if known is None else _asked(known, scope)

    async def _finished(self, begun: _Begun, scope: Scope) -> Response | Reply:
        try:
            answer = begun.answer if isinstance(begun.answer, Answer | Response) else await begun.answer
        except KanbanError as error:
            return _refusal(error, begun.known.question.path)
        return answer if isinstance(answer, Response) else self._told(begun.known, answer, scope)

    def _told(self, known: _Known, answer: Answer, scope: Scope) -> Reply:
        """The answer to a question as it is sent, which is remembered with it."""
        before = known.question
        question = known.endpoint.answered(before, answer)
        assert question.replies is not None
        if question is not before and len(question.replies.whole.body) <= KEPT_BYTES // 2:
            self._known[scope["raw_path"], scope["query_string"]] = known._replace(question=question)
        return question.replies.to(_text(fields(scope).get(b"if-none-match")))

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[str, str, Response | Reply]:
        path = scope["raw_path"].decode("latin-1")
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        found = self.addresses.find(path.removeprefix(PREFIX))
        if found is None:
            return _UNKNOWN, _known(method), _nowhere(path)
        resource, values = found
        if (operation := resource.operations.get(method)) is None:
            return resource.template, _known(method), other_method(method, resource.methods, resource.template, path)
        endpoint = self._endpoints[operation.name]
        try:
            request = await _request(scope, receive, path, values)
            if endpoint.is_view:
                known = _Known(resource.template, endpoint, endpoint.question(request))
                return resource.template, method, await self._finished(_asked(known, scope), scope)
            return resource.template, method, await endpoint.reply(request)
        except KanbanError as error:
            return resource.template, method, _refusal(error, path)


def _known(method: str) -> str:
    """The method as it is counted: callers may invent others."""
    return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else _UNKNOWN


async def _request(scope: Scope, receive: Receive, path: str, values: dict[str, str]) -> Request:
    headers = fields(scope)
    return Request(
        path,
        values,
        scope["query_string"],
        b"" if scope["method"] in ("GET", "HEAD") else await _body(receive),
        _caller(scope),
        _text(headers.get(b"if-match")),
        _text(headers.get(b"if-none-match")),
        _text(headers.get(b"idempotency-key")),
    )


def _caller(scope: Scope) -> Caller:
    caller: Caller = scope["caller"]
    return caller.named(ANONYMOUS)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


async def _body(receive: Receive) -> bytes:
    """The whole body; how long it may be was decided before."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid("The client left before its request was whole.")
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _nowhere(path: str) -> Response:
    error = NotFound(f"There is nothing at {path[:100]}.", hint="/openapi.json lists the addresses, /docs shows them.")
    return problem(error, instance=path)


def _refusal(error: KanbanError, path: str) -> Response:
    status = 412 if isinstance(error, PreconditionFailed) else None
    headers = {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, Busy) else None
    return problem(error, status=status, headers=headers, instance=path)
