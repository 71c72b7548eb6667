"""The OpenAPI 3.1 document: REST as programs and their makers read it."""

import functools
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kanban_mcp import __version__
from kanban_mcp.answers import compact
from kanban_mcp.app import App
from kanban_mcp.operations import Operation
from kanban_mcp.transport.rest.addresses import Addresses, Resource
from kanban_mcp.transport.rest.components import ANSWERS, HEADERS, LIMITS, answer, parameters, problem_schema, referred
from kanban_mcp.transport.rest.endpoint import PREFIX
from kanban_mcp.transport.rest.result_schemas import ResultSchemas, untitled, without_null

_BODIED = ("POST", "PUT", "PATCH")

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

_ALWAYS = (401, 403, 405, 421, 422, 429, 500, 503)


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
                "schemas": {**self._results.components, "Problem": problem_schema()},
                "responses": {str(status): answer(status) for status in ANSWERS},
                "parameters": parameters(),
                "headers": dict(HEADERS),
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
        shared += ["IfMatch"] if operation.effect != "read" and {"task_id", "board"} & set(resource.parameters) else []
        return [*found, *({"$ref": f"#/components/parameters/{name}"} for name in shared)]

    def _responses(self, operation: Operation, method: str) -> dict[str, Any]:
        names = ["ETag"] if _tagged(operation, method) else ["Location"] if operation.creates else []
        names += ["Link"] if "cursor" in operation.arguments.model_fields or operation.waits else []
        result = {
            "description": "What the operation answers.",
            "headers": referred((*names, *LIMITS)),
            "content": {"application/json": {"schema": self._results.of(operation)}},
        }
        statuses = {*_ALWAYS, 404, 409, 408, 413, 415} if method != "GET" else {*_ALWAYS, 404}
        statuses |= {412} if operation.effect != "read" else set()
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
