"""REST: every operation of the catalogue at its address under `/api`.

Programs read it, so lists have whole rows, an object each; `?detail=summary` gives what agents get. Every operation is
there, whatever toolsets are offered to agents: those are chosen to save tokens.
"""

from collections import Counter
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kanban_mcp.app import App
from kanban_mcp.errors import Busy, Invalid, KanbanError, NotFound
from kanban_mcp.transport.addresses import Addresses, Resource
from kanban_mcp.transport.endpoint import PREFIX, Endpoint, PreconditionFailed, Reply, Request
from kanban_mcp.transport.problems import problem

ANONYMOUS = "rest"
"""Who is logged when neither a key nor a setting names the caller."""
RETRY_SECONDS = 1

_UNKNOWN = "unknown"


class Asked(NamedTuple):
    """What requests are counted by: the template of the address, never the address itself."""

    route: str
    method: str
    status: int


class Rest:
    """The ASGI application under `/api`; `asked` counts what it answered."""

    def __init__(self, app: App) -> None:
        self.addresses = Addresses(app.catalog.everything())
        self.asked: Counter[Asked] = Counter()
        self._endpoints = {operation.name: Endpoint(app, operation) for operation in app.catalog.everything()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is wrong with it is told as a problem document."""
        route, method, response = await self._answered(scope, receive)
        self.asked[Asked(route, method, response.status_code)] += 1
        await response(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[str, str, Response | Reply]:
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        found = self.addresses.find(path.removeprefix(PREFIX))
        if found is None:
            return _UNKNOWN, _known(method), _nowhere(path)
        resource, values = found
        if (operation := resource.operations.get(method)) is None:
            return resource.template, _known(method), _other_method(resource, method, path)
        try:
            request = await _request(scope, receive, path, values)
            return resource.template, method, await self._endpoints[operation.name].reply(request)
        except KanbanError as error:
            return resource.template, method, _refusal(error, path)


def _known(method: str) -> str:
    """The method as it is counted: callers may invent others."""
    return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else _UNKNOWN


async def _request(scope: Scope, receive: Receive, path: str, values: dict[str, str]) -> Request:
    headers = dict(scope["headers"])
    caller = scope["caller"]
    return Request(
        path,
        values,
        scope["query_string"],
        b"" if scope["method"] in ("GET", "HEAD") else await _body(receive),
        caller if caller.actor else caller._replace(actor=ANONYMOUS),
        _text(headers.get(b"if-match")),
        _text(headers.get(b"if-none-match")),
        _text(headers.get(b"idempotency-key")),
    )


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


def _other_method(resource: Resource, method: str, path: str) -> Response:
    allow = {"Allow": ", ".join(resource.methods)}
    if method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    error = Invalid(f"{method[:20]} is not for {resource.template}.", hint=f"It takes {allow['Allow']}.")
    return problem(error, status=405, headers=allow, instance=path)


def _refusal(error: KanbanError, path: str) -> Response:
    status = 412 if isinstance(error, PreconditionFailed) else None
    headers = {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, Busy) else None
    return problem(error, status=status, headers=headers, instance=path)
