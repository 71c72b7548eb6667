"""One operation over HTTP: what a request means to it, and what its answer looks like."""

import functools
import re
from collections.abc import Awaitable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from kanban_mcp.answers import Answer, compact
from kanban_mcp.app import App
from kanban_mcp.errors import Invalid, StaleVersion
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Call, Operation
from kanban_mcp.store.cache import Moment
from kanban_mcp.transport.replies import Headers, Reply
from kanban_mcp.transport.rest.arguments import Arguments
from kanban_mcp.transport.rest.etags import etag, matched, versions
from kanban_mcp.transport.rest.rows import whole
from kanban_mcp.views import VIEWS

PREFIX = "/api"
DETAILS = ("full", "summary")

_JSON = (b"content-type", b"application/json")
_REVALIDATE = (b"cache-control", b"private, no-cache")
_VARY = (b"vary", b"Accept-Encoding")
_NO_STORE = (b"cache-control", b"no-store")
_PART = re.compile(r"\{(\w+)\}")


class Request(NamedTuple):
    """What of a request decides its answer. `values` are those in the path, `path` is the whole of it."""

    path: str
    values: Mapping[str, str]
    query: bytes
    body: bytes
    caller: Caller
    if_match: str | None = None
    if_none_match: str | None = None
    idempotency_key: str | None = None


class Replies(NamedTuple):
    """A tagged answer as it is sent: whole, and to who has it already."""

    tag: str
    whole: Reply
    unchanged: Reply

    def to(self, if_none_match: str | None) -> Reply:
        """The one that a condition asks for."""
        known = None if if_none_match is None else matched(if_none_match, self.tag)
        if known is None:
            return self.whole
        return self.unchanged if known == self.tag else self._compressed(known)

    def _compressed(self, known: str) -> Reply:
        """To who has it compressed: a cache keeps what has this tag, and no other."""
        headers = [
            (b"etag", known.encode()) if name == b"etag" else (name, value) for name, value in self.unchanged.headers
        ]
        return Reply(304, [*headers, _VARY])


class Question(NamedTuple):
    """What a GET asks of a cached view, worked out once; and the answer it had last, as it is sent."""

    call: Call
    path: str
    query: bytes
    detail: str
    answer: Answer | None = None
    replies: Replies | None = None


class PreconditionFailed(StaleVersion):
    """What If-Match asks for is not so: 412, where a `version` among the arguments gives 409."""


class Endpoint:
    """An operation at its address."""

    def __init__(self, app: App, operation: Operation) -> None:
        self.operation = operation
        self._app = app
        self._arguments = Arguments(operation)
        self._method = operation.http.partition(" ")[0]
        self._has = frozenset(operation.arguments.model_fields)
        self._tagged = self._method == "GET" and operation.toolset != "diagnostics"

    @property
    def is_view(self) -> bool:
        """Whether what is asked here may be asked as a question."""
        return self.operation.name in VIEWS

    def question(self, request: Request) -> Question:
        """What a request asks. Raises Invalid."""
        arguments, detail = self._read(request)
        return Question(Call(self.operation, arguments), request.path, request.query, detail)

    def begin(self, question: Question, caller: Caller, moment: Moment | None) -> Answer | Awaitable[Answer]:
        """What a caller is answered now. Raises KanbanError."""
        return self._app.runner.make(question.call, caller=caller, transport="rest", moment=moment)

    def answered(self, question: Question, answer: Answer) -> Question:
        """The question with an answer; that is written out only if there was another before."""
        if answer is question.answer:
            return question
        replies = self._replies(answer, question.path, question.query, question.detail)
        return question._replace(answer=answer, replies=replies)

    async def reply(self, request: Request) -> Reply:
        """Carry a request out. Raises KanbanError."""
        arguments, detail = self._read(request)
        given = functools.partial(self._check, request) if request.if_match is not None and not self._tagged else None
        begun = self._app.runner.begin(
            self.operation.name,
            arguments,
            caller=request.caller,
            transport="rest",
            find=self._app.catalog.known,
            given=given,
        )
        answer = begun if isinstance(begun, Answer) else await begun
        if self._tagged:
            return self._replies(answer, request.path, request.query, detail).to(request.if_none_match)
        headers = [_JSON, _NO_STORE]
        if self.operation.creates:
            headers.append((b"location", self._location(answer.value)))
        return _whole(201 if self.operation.creates else 200, headers, _written(answer, detail))

    def _read(self, request: Request) -> tuple[dict[str, Any], str]:
        """The arguments, and in which form the answer is wanted."""
        query = self._arguments.of_query(request.query) if request.query else {}
        detail = query.pop("detail", "full")
        if detail not in DETAILS:
            raise Invalid(f"There is no detail {detail!r}.", hint="It is full, which is usual, or summary.")
        if request.idempotency_key is not None and self.operation.keyed:
            query.setdefault("idempotency_key", request.idempotency_key)
        arguments = self._arguments.merged(request.values, query, request.body)
        if "detail" in self._has:
            arguments["detail"] = detail
        return arguments, detail

    def _replies(self, answer: Answer, path: str, query: bytes, detail: str) -> Replies:
        body = _written(answer, detail)
        tag = etag(body, answer.value)
        headers = [_REVALIDATE, (b"etag", tag.encode())]
        if (following := self._following(path, query, answer.value)) is not None:
            headers.append((b"link", following))
        return Replies(tag, _whole(200, [_JSON, *headers], body), Reply(304, headers))

    def _location(self, value: Mapping[str, Any]) -> bytes:
        filled = _PART.sub(lambda part: quote(str(value[part[1]]), safe=""), self.operation.creates)
        return f"{PREFIX}{filled}".encode()

    def _following(self, path: str, query: bytes, value: Mapping[str, Any]) -> bytes | None:
        """The header Link to the next page, where there is one; of changes, while there are some."""
        name = "cursor" if "cursor" in self._has else "since" if "since" in self._has and value.get("rows") else None
        if name is None or "next" not in value:
            return None
        pairs = [(key, text) for key, text in parse_qsl(query.decode()) if key != name]
        return f'<{path}?{urlencode([*pairs, (name, value["next"])])}>; rel="next"'.encode()

    def _check(self, request: Request) -> None:
        """Raise what If-Match forbids; asked in the transaction of the write."""
        assert request.if_match is not None
        wanted = versions(request.if_match)
        current = self._version(request.values)
        if wanted is not None and current not in wanted:
            raise PreconditionFailed(
                "If-Match names another version than the current one."
                if current is not None
                else "Only tasks and boards have versions to match.",
                hint="Read it again, look at what changed, and send its ETag.",
                current=None if current is None else {"version": current},
            )

    def _version(self, values: Mapping[str, str]) -> int | None:
        """The version of what the path names; None where it names neither a task nor a board."""
        services = self._app.services
        if "task_id" in values:
            return services.writing.get(int(values["task_id"])).version
        if "board" in values:
            return services.boards.resolve(values["board"]).version
        return None


def _written(answer: Answer, detail: str) -> bytes:
    paged = detail == "full" and '"rows":' in answer.text
    return (compact(whole(answer.value)) if paged else answer.text).encode()


def _whole(status: int, headers: Headers, body: bytes) -> Reply:
    return Reply(status, [*headers, (b"content-length", b"%d" % len(body))], body)
