"""The OpenAPI 3.1 document: REST as programs and their makers read it."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kanban_mcp import __version__
from kanban_mcp.answers import compact
from kanban_mcp.app import App
from kanban_mcp.operations import Operation
from kanban_mcp.transport.addresses import Addresses, Resource
from kanban_mcp.transport.endpoint import PREFIX
from kanban_mcp.transport.problems import STATUS
from kanban_mcp.transport.result_schemas import ResultSchemas, untitled, without_null

_BODIED = ("POST", "PUT", "PATCH")
_PROBLEM = {"$ref": "#/components/schemas/Problem"}

EXAMPLES: Mapping[str, Any] = {
    "task_id": 1,
    "note_id": 1,
    "depends_on": 2,
    "board": "Plan",
    "name": "Plan",
    "title": "Write the release notes",
    "tag": "docs",
    "tags": ["docs"],
    "content": "The draft is in the wiki.",
    "query": "release",
    "status": "review",
    "priority": 8,
    "tasks": [{"title": "Write the release notes", "priority": 8}, {"title": "Publish them", "depends_on": ["$0"]}],
    "calls": [{"operation": "create_task", "arguments": {"board": "Plan", "title": "Write it"}}],
    "columns": [{"status": "todo", "category": "todo"}, {"status": "done", "category": "done"}],
    "confirm": True,
}
"""What stands for an argument in examples."""

ANSWERS: Mapping[int, str] = {
    304: "Unchanged since the entity tag in If-None-Match.",
    400: "Not HTTP.",
    401: "No key, or one that is not known any more.",
    403: "The key may not do this, the page that asks is not allowed to, or the server is read-only.",
    404: "There is no such thing.",
    405: "The address takes other methods; Allow names them.",
    408: "The body came too slowly.",
    409: "Sound, but not as things stand: a name that is taken, a full column, a task that another holds.",
    412: "The version in If-Match is not the current one.",
    413: "The body is too large.",
    415: "The body is not JSON, or is compressed.",
    421: "The server does not go by the name in Host.",
    422: "The arguments are wrong; `detail` names them, `hint` says which there are.",
    429: "Too many requests; Retry-After says when to go on.",
    500: "The server failed; nothing was changed.",
    503: "The file is busy; the same request may succeed later.",
}
_ALWAYS = (401, 403, 405, 421, 422, 429, 500, 503)
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "The version of what is shown, if it has one, and a digest.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, as `<address>; rel="next"`.', "schema": {"type": "string"}},
    "Allow": {"description": "The methods that the address takes.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to say who calls: `Bearer`.", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {"description": "Requests a caller has in any 60 seconds.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "How many of them are left.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {
        "description": "When the oldest of them ceases to count, in milliseconds since 1970.",
        "schema": {"type": "integer"},
    },
}
_LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_TELLING: Mapping[int, tuple[str, ...]] = {
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After", *_LIMITS),
    503: ("Retry-After",),
}
"""The headers that some answers have beside those of all."""


class OpenApi:
    """The document, made once, and its address."""

    def __init__(self, app: App, addresses: Addresses) -> None:
        self._app = app
        self._addresses = addresses
        self._results = ResultSchemas()

    @property
    def routes(self) -> list[BaseRoute]:
        """Where it is in the whole application."""
        return [Route("/openapi.json", self._serve)]

    async def _serve(self, request: Request) -> Response:
        return Response(self._text, media_type="application/json")

    @functools.cached_property
    def _text(self) -> str:
        return compact(self.document)

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        """The whole document as JSON values."""
        paths = {PREFIX + resource.template: self._path(resource) for resource in self._addresses.resources}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "kanban-mcp",
                "version": __version__,
                "description": "A kanban board that agents, people and programs share. "
                "What is null or as usual is left out.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}, {"key": []}, {}],
            "tags": [{"name": name} for name in dict.fromkeys(each.toolset for each in self._app.catalog.everything())],
            "paths": paths,
            "components": {
                "schemas": {**self._results.components, "Problem": _problem_schema()},
                "responses": {str(status): _answer(status) for status in ANSWERS},
                "parameters": _parameters(),
                "headers": dict(_HEADERS),
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A key made by `kanban-mcp keys create`. From the machine itself none is needed "
                        "until there is one.",
                    },
                    "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The same key."},
                },
            },
        }

    def _path(self, resource: Resource) -> dict[str, Any]:
        return {
            method.lower(): self._operation(resource, operation) for method, operation in resource.operations.items()
        }

    def _operation(self, resource: Resource, operation: Operation) -> dict[str, Any]:
        method = operation.http.partition(" ")[0]
        first, _, rest = operation.description.partition("\n")
        said: dict[str, Any] = {
            "operationId": operation.name,
            "summary": first.partition(". ")[0].removesuffix("."),
            "description": f"{first}\n\n{rest}\n\nScope: {operation.scope}.".replace("\n\n\n\n", "\n\n"),
            "tags": [operation.toolset],
            "parameters": self._said(resource, operation, method),
            "responses": self._responses(operation, method),
        }
        if method in _BODIED:
            said["requestBody"] = _body(resource, operation)
        return said

    def _said(self, resource: Resource, operation: Operation, method: str) -> list[dict[str, Any]]:
        """The parameters in path, query and headers."""
        schema = _arguments(operation)
        required = schema.get("required", [])
        found = [_parameter("path", name, schema["properties"][name], required=True) for name in resource.parameters]
        if method not in _BODIED:
            found += [
                _parameter("query", name, part, required=name in required)
                for name, part in schema.get("properties", {}).items()
                if name not in resource.parameters
            ]
        shared = ["detail"] if self._results.has_pages(operation) else []
        shared += ["IdempotencyKey"] if operation.keyed else []
        shared += ["IfNoneMatch"] if _tagged(operation, method) else []
        shared += ["IfMatch"] if method != "GET" and {"task_id", "board"} & set(resource.parameters) else []
        return [*found, *({"$ref": f"#/components/parameters/{name}"} for name in shared)]

    def _responses(self, operation: Operation, method: str) -> dict[str, Any]:
        names = ["ETag"] if _tagged(operation, method) else ["Location"] if operation.creates else []
        names += ["Link"] if "cursor" in operation.arguments.model_fields or operation.waits else []
        result = {
            "description": "What the operation answers.",
            "headers": _referred((*names, *_LIMITS)),
            "content": {"application/json": {"schema": self._results.of(operation)}},
        }
        statuses = {*_ALWAYS, 404, 409, 408, 412, 413, 415} if method != "GET" else {*_ALWAYS, 404}
        statuses |= {304} if _tagged(operation, method) else set()
        answers = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
        if operation.creates in _FOLLOWING:
            result["links"] = _links(operation)
        return {"201" if operation.creates else "200": result, **answers}


def _tagged(operation: Operation, method: str) -> bool:
    return method == "GET" and operation.toolset != "diagnostics"


def _arguments(operation: Operation) -> dict[str, Any]:
    """The schema of arguments, with references written out: parameters have no place for definitions."""
    schema = untitled(operation.arguments.model_json_schema())
    definitions = schema.pop("$defs", {})
    inlined: dict[str, Any] = _inlined(schema, definitions)
    properties = inlined.get("properties", {})
    # Where they are over HTTP is said once, for all operations.
    for name in ("detail", "idempotency_key"):
        properties.pop(name, None)
    return inlined


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = {**definitions[node["$ref"].rsplit("/", 1)[-1]], **node}
        del node["$ref"]
    return {key: _inlined(part, definitions) for key, part in node.items()}


def _parameter(place: str, name: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    plain = without_null(schema)
    said: dict[str, Any] = {"name": name, "in": place, "required": required, "schema": plain}
    if name in EXAMPLES and required:
        said["example"] = 1 if place == "path" and name == "board" else EXAMPLES[name]
    return said


def _body(resource: Resource, operation: Operation) -> dict[str, Any]:
    schema = _arguments(operation)
    properties = {name: part for name, part in schema.get("properties", {}).items() if name not in resource.parameters}
    required = [name for name in schema.get("required", []) if name in properties]
    properties = {name: part if name in required else _or_null(part) for name, part in properties.items()}
    whole = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    example = {
        name: EXAMPLES[name]
        for name in properties
        if name in EXAMPLES and (name in required or name in ("board", "tags"))
    }
    media = {"schema": whole, **({"example": example} if example else {})}
    return {"required": bool(required), "content": {"application/json": media}}


def _links(operation: Operation) -> dict[str, Any]:
    """What can be done with the new thing."""
    name, part, following = _FOLLOWING[operation.creates]
    return {other: {"operationId": other, "parameters": {name: f"$response.body#/{part}"}} for other in following}


_FOLLOWING: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "/tasks/{id}": ("task_id", "id", ("get_task", "update_task", "move_task", "add_note", "delete_task")),
    "/boards/{id}": ("board", "id", ("get_board",)),
    "/notes/{id}": ("note_id", "id", ("update_note", "delete_note")),
    "/tags/{name}": ("tag", "name", ("update_tag", "delete_tag")),
}
"""By the address of what was made: the parameter that names it, where its value is, and what it is for."""


def _or_null(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Null is taken for what is not given, whatever the type."""
    null = {"type": "null"}
    return part if null in part.get("anyOf", ()) else {"anyOf": [part, null]}


def _answer(status: int) -> dict[str, Any]:
    said: dict[str, Any] = {"description": ANSWERS[status]}
    if status in _TELLING:
        said["headers"] = _referred(_TELLING[status])
    if status != 304:
        said["content"] = {"application/problem+json": {"schema": _PROBLEM}}
    return said


def _referred(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameters() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "detail": {
            "name": "detail",
            "in": "query",
            "description": "`full` has an object for each row, `summary` what agents get: columns once, then rows.",
            "schema": {"enum": ["full", "summary"], "default": "full"},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A repeat with the same key and arguments answers what the first did, and does nothing.",
            "schema": {**text, "minLength": 1, "maxLength": 200},
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "Entity tags; when the current one is among them the answer is 304.",
            "schema": text,
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The ETag of the task or board, or its version in quotation marks: written only if current.",
            "schema": text,
        },
    }


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "description": "What went wrong (RFC 9457). A refused request changes nothing.",
        "type": "object",
        "properties": {
            "type": {**text, "format": "uri-reference", "description": "The code, as a name for it."},
            "title": {**text, "description": "The code, in words."},
            "status": {"type": "integer", "description": "The same as of the answer."},
            "detail": {**text, "description": "What is so."},
            "instance": {**text, "format": "uri-reference", "description": "The address that was asked."},
            "code": {"enum": [*STATUS], "description": "What kind of error it is, as every transport names it."},
            "message": {**text, "description": "The same as `detail`, as every transport names it."},
            "hint": {**text, "description": "What to do next."},
            "current": {"type": "object", "description": "How the thing stands now."},
        },
        "required": ["type", "title", "status", "detail", "code"],
        "examples": [
            {
                "type": "urn:kanban-mcp:problem:not_found",
                "title": "Not found",
                "status": 404,
                "detail": "There is no task 7.",
                "code": "not_found",
                "message": "There is no task 7.",
                "hint": "list_tasks and search show the tasks there are.",
                "instance": "/api/tasks/7",
            }
        ],
    }
