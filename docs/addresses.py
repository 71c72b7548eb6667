"""The page on REST: every address, and what requests and answers carry, from the OpenAPI document."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kanban_mcp.app import App
from kanban_mcp.operations import Operation
from kanban_mcp.transport.access.bodies import MOST_BYTES
from kanban_mcp.transport.problems import STATUS
from kanban_mcp.transport.rest.openapi import OpenApi
from kanban_mcp.transport.rest.rest import Rest
from kanban_mcp.transport.server.compression import SMALLEST

_OF_ALL = {
    "Authorization": "`Bearer` and a key made by `kanban-mcp keys create`. `x-api-key` takes the same key.",
    "X-Actor": "In whose name, on a server that has no keys yet.",
    "Content-Type": f"`application/json`, for a body; that is one JSON object of {MOST_BYTES // 1024**2} MiB at most.",
    "Accept-Encoding": f"`zstd`, `br` or `gzip`, taken in this order for answers of {SMALLEST} bytes and more.",
    "traceparent": "The trace that the request belongs to, where spans are collected.",
}
"""Headers of requests that the document leaves to the protocols they are from."""
_OF_ANSWERS = {
    "Cache-Control": "`private, no-cache` with an `ETag`: keep it, and ask whether it still holds. Else `no-store`.",
    "Vary": "`Accept-Encoding`, where an answer may be compressed.",
    "Content-Encoding": "How it is compressed. Its `ETag` then ends with this, and is taken back with and without it.",
}
_OTHERS = (
    ("/openapi.json", "all of this as OpenAPI 3.1; `/docs` is a page of it", ""),
    ("/mcp", "the operations over MCP, see [the protocol](mcp.md); `/sse` for older clients", "read"),
    ("/ws", "changes as they happen, see [the WebSocket](websocket.md)", "read"),
    ("/metrics", "what is measured, see [metrics](metrics.md)", "admin"),
    ("/health/live", "200 while the process answers", ""),
    ("/health/ready", "200 while the store answers, else 503; `/health` is the same", ""),
    ("/", "the board in a browser", ""),
)


def rest_page(app: App) -> str:
    """The page, without its first line."""
    document = OpenApi(app, Rest(app).addresses).document
    parts = [
        _introduction(),
        _addresses(app, document),
        _section("Headers of requests", _request_headers(document)),
        _section("Headers of answers", _answer_headers(document)),
        _section("Answers", ((str(status), text["description"]) for status, text in _answers(document))),
        _problems(document),
        _section("Other addresses", ((f"`{path}`", what, scope) for path, what, scope in _OTHERS)),
    ]
    return "\n".join(parts)


def _introduction() -> str:
    return """# REST

Each operation has one address under `/api` of `kanban-mcp serve`, whatever toolsets agents are offered. Arguments have
the names, types and limits that [operations](operations.md) gives; where they go is below. Lists in the query repeat
the name or have commas between: `?tags=api,docs`. Answers leave out what is null.

A list has an object for each of its `items`; `?detail=summary` gives what agents get, columns once and then rows. Where
there is more, `next` in the answer goes into `cursor` (of changes: into `since`) of the next request, which the header
`Link` spells out. `HEAD` goes where `GET` does, `OPTIONS` names the methods of an address.

Arguments in bold must be there.
"""


def _addresses(app: App, document: Mapping[str, Any]) -> str:
    """A table a toolset."""
    operations = {operation.name: operation for operation in app.catalog.everything()}
    rows: dict[str, list[tuple[str, ...]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            operation = operations[said["operationId"]]
            rows[operation.toolset].append(_address(path, method, said, operation, document))
    head = "| address | operation | scope | arguments | answers |\n|---|---|---|---|---|\n"
    return "\n".join(f"## {tag}\n\n{head}{_rows(found)}" for tag, found in rows.items())


def _address(
    path: str, method: str, said: Mapping[str, Any], operation: Operation, document: Mapping[str, Any]
) -> tuple[str, ...]:
    limited = f"{operation.scope}, not limited to boards" if operation.wide else operation.scope
    name = said["operationId"]
    places = dict(_places(said, document))
    arguments = "; ".join(f"{place} {', '.join(names)}" for place, names in places.items() if names)
    return f"`{method.upper()} {path}`", f"[{name}](operations.md#{name})", limited, arguments, _answered(said)


def _places(said: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Where arguments go, with their names; those that must be there are bold."""
    given = [_resolved(part, document) for part in said["parameters"]]
    for place in ("path", "query", "header"):
        named = [part for part in given if part["in"] == place]
        yield place, [_marked(part["name"], bool(part.get("required")) and place != "path") for part in named]
    schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    required = schema.get("required", [])
    yield "body", [_marked(name, name in required) for name in schema.get("properties", {})]


def _answered(said: Mapping[str, Any]) -> str:
    """The answer of success, with the headers that are its own; 304 and 412 where they are possible."""
    (status,) = [status for status in said["responses"] if status.startswith("2")]
    own = [f"`{name}`" for name in said["responses"][status]["headers"] if not name.startswith("X-")]
    conditions = [_resolved_name(part) for part in said["parameters"]]
    others = ["304"] * ("IfNoneMatch" in conditions) + ["412"] * ("IfMatch" in conditions)
    return ", ".join([" ".join([status, *own]), *others])


def _request_headers(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in document["components"]["parameters"].values():
        if part["in"] == "header":
            yield f"`{part['name']}`", part["description"]
    yield from ((f"`{name}`", text) for name, text in _OF_ALL.items())


def _answer_headers(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, said in document["components"]["headers"].items():
        yield f"`{name}`", said["description"]
    yield from ((f"`{name}`", text) for name, text in _OF_ANSWERS.items())


def _answers(document: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    yield "200", {"description": "What the operation answers."}
    yield "201", {"description": "The same, of an operation that creates; `Location` says where the new thing is."}
    yield from document["components"]["responses"].items()


def _problems(document: Mapping[str, Any]) -> str:
    """The members of a problem, and the status of each code."""
    schema = document["components"]["schemas"]["Problem"]
    members = ((f"`{name}`", part.get("description", "")) for name, part in schema["properties"].items())
    codes = ((f"`{code}`", str(status)) for code, status in STATUS.items())
    return (
        "## Problems\n\nWhat is refused is told as `application/problem+json` (RFC 9457).\n\n"
        f"| member | |\n|---|---|\n{_rows(members)}\n| code | status |\n|---|---|\n{_rows(codes)}\n"
        "[Errors](errors.md) says what each code means. A body that is too large (413), too slow (408) or no JSON "
        "(415), an address that takes other methods (405) and a condition that does not hold (412) have the code that "
        "comes nearest.\n"
    )


def _section(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    listed = list(rows)
    head = "|" + " |" * len(listed[0])
    return f"## {title}\n\n{head}\n{head.replace(' ', '---')}\n{_rows(listed)}"


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n".replace("  |", " |") for row in rows)


def _marked(name: str, required: bool) -> str:
    return f"**`{name}`**" if required else f"`{name}`"


def _resolved(part: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    return document["components"]["parameters"][_resolved_name(part)] if "$ref" in part else part


def _resolved_name(part: Mapping[str, Any]) -> str:
    return str(part.get("$ref", "")).rsplit("/", 1)[-1]
