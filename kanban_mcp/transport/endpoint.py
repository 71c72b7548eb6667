"""One operation over HTTP: what a request means to it, and what its answer looks like."""

import functools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from cachetools import LRUCache
from starlette.types import Receive, Scope, Send

from kanban_mcp.answers import Answer, compact
from kanban_mcp.app import App
from kanban_mcp.errors import Invalid, StaleVersion
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Operation
from kanban_mcp.transport.arguments import Arguments
from kanban_mcp.transport.etags import etag, matches, versions
from kanban_mcp.transport.rows import whole
from kanban_mcp.views import VIEWS

PREFIX = "/api"
DETAILS = ("full", "summary")
KEPT_BYTES = 2 * 1024 * 1024
"""Bodies of an operation whose answers are cached are kept up to this size: what is the same is not written twice."""

Headers = list[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
_REVALIDATE = (b"cache-control", b"private, no-cache")
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


class Reply(NamedTuple):
    """An answer as it is sent: a Starlette response without what this needs not."""

    status_code: int
    headers: Headers
    body: bytes = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = self.headers
        if self.status_code != 304:
            headers = [*headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class PreconditionFailed(StaleVersion):
    """What If-Match asks for is not so: 412, where a `version` among the arguments gives 409."""


class _Body(NamedTuple):
    content: bytes
    tag: str


class Endpoint:
    """An operation at its address."""

    def __init__(self, app: App, operation: Operation) -> None:
        self.operation = operation
        self._app = app
        self._arguments = Arguments(operation)
        self._method = operation.http.partition(" ")[0]
        self._has = frozenset(operation.arguments.model_fields)
        self._tagged = self._method == "GET" and operation.toolset != "diagnostics"
        self._bodies: LRUCache[tuple[str, str], _Body] | None = None
        if operation.name in VIEWS:
            self._bodies = LRUCache(KEPT_BYTES, lambda body: len(body.content))

    async def reply(self, request: Request) -> Reply:
        """Carry a request out. Raises KanbanError."""
        arguments, detail = self._read(request)
        given = functools.partial(self._check, request) if request.if_match and not self._tagged else None
        begun = self._app.runner.begin(
            self.operation.name,
            arguments,
            caller=request.caller,
            transport="rest",
            find=self._app.catalog.known,
            given=given,
        )
        return self._replied(request, begun if isinstance(begun, Answer) else await begun, detail)

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

    def _replied(self, request: Request, answer: Answer, detail: str) -> Reply:
        body = self._body(answer, detail)
        if not self._tagged:
            headers = [_JSON, _NO_STORE]
            if self.operation.creates:
                headers.append((b"location", self._location(answer.value)))
            return Reply(201 if self.operation.creates else 200, headers, body.content)
        headers = [_JSON, _REVALIDATE, (b"etag", body.tag.encode())]
        if (following := self._following(request, answer.value)) is not None:
            headers.append((b"link", following))
        if request.if_none_match is not None and matches(request.if_none_match, body.tag):
            return Reply(304, headers[1:])
        return Reply(200, headers, body.content)

    def _body(self, answer: Answer, detail: str) -> _Body:
        if self._bodies is None:
            return self._written(answer, detail)
        # By the text itself: a kept answer is the same object each time, and its hash is kept with it.
        key = (answer.text, detail)
        body: _Body | None = self._bodies.get(key)
        if body is None:
            body = self._written(answer, detail)
            if len(body.content) <= KEPT_BYTES:
                self._bodies[key] = body
        return body

    def _written(self, answer: Answer, detail: str) -> _Body:
        paged = detail == "full" and '"rows":' in answer.text
        content = (compact(whole(answer.value)) if paged else answer.text).encode()
        return _Body(content, etag(content, answer.value) if self._tagged else "")

    def _location(self, value: Mapping[str, Any]) -> bytes:
        filled = _PART.sub(lambda part: quote(str(value[part[1]]), safe=""), self.operation.creates)
        return f"{PREFIX}{filled}".encode()

    def _following(self, request: Request, value: Mapping[str, Any]) -> bytes | None:
        """The header Link to the next page, where there is one; of changes, while there are some."""
        name = "cursor" if "cursor" in self._has else "since" if "since" in self._has and value.get("rows") else None
        if name is None or "next" not in value:
            return None
        pairs = [(key, text) for key, text in parse_qsl(request.query.decode()) if key != name]
        return f'<{request.path}?{urlencode([*pairs, (name, value["next"])])}>; rel="next"'.encode()

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
