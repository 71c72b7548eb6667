"""What operations answer over HTTP, as JSON schemas for the OpenAPI document."""

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, TypedDict, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from kanban_mcp.models.change import Change
from kanban_mcp.models.note import Note
from kanban_mcp.models.page import Page
from kanban_mcp.models.tag import Tag
from kanban_mcp.models.task import LISTED, WHOLE, Brief, TaskRow
from kanban_mcp.operations import Operation
from kanban_mcp.services.notes import COLUMNS as NOTE_COLUMNS
from kanban_mcp.store.boards import BoardRow
from kanban_mcp.store.search import Hit

REF = "#/components/schemas/{model}"
_PAGE = {"$ref": REF.format(model="Page")}


class _Holder(TypedDict):
    task_id: int
    claimed_by: str
    lease: int
    held_seconds: int
    expires_in_seconds: int


class _Calls(TypedDict):
    operation: str
    transport: str
    count: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class _Query(TypedDict):
    name: str
    count: int
    errors: int
    total_ms: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    rows: int


class _View(TypedDict):
    view: str
    hits: int
    misses: int
    hit_rate: float


def _item(name: str, source: type, columns: Iterable[str] = ()) -> type[BaseModel]:
    """A row as an object: the columns of a type, of which those that may be null may be left out."""
    hints = get_type_hints(source, include_extras=True)
    fields: dict[str, Any] = {
        column: (hints[column], None if NoneType in get_args(hints[column]) else ...) for column in columns or hints
    }
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


_TASK = _item("WholeTask", Brief, WHOLE)
_LISTED = _item("ListedTask", TaskRow, LISTED)

ITEMS: Mapping[str, type[BaseModel]] = {
    "list_boards": _item("ListedBoard", BoardRow),
    "create_tasks": _TASK,
    "list_tasks": _TASK,
    "list_ready": _TASK,
    "search": _item("SearchHit", Hit),
    "list_changes": Change,
    "list_notes": _item("ListedNote", Note, NOTE_COLUMNS),
    "list_tags": _item("ListedTag", Tag),
    "get_board.tasks": _LISTED,
    "get_board.holders": _item("TaskHolder", _Holder),
    "get_performance.operations": _item("OperationCalls", _Calls),
    "get_query_stats.queries": _item("StatementCalls", _Query),
    "get_cache_stats.views": _item("CachedView", _View),
}
"""What the rows of each page are; of others, only that they are objects."""


class ResultSchemas:
    """Schemas of results; what they refer to gathers in `components`."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}
        self._component(Page)

    def of(self, operation: Operation) -> dict[str, Any]:
        """What an operation answers: whole, or where it has lists and `detail=summary` asks for it, in columns."""
        summary = self._summary(operation)
        full = self._whole(operation, summary)
        if full != summary:
            return {"anyOf": [full, summary]}
        return summary if operation.fresh else self._component(get_type_hints(operation.method)["return"])

    def has_pages(self, operation: Operation) -> bool:
        """Whether the form of the answer depends on `detail`."""
        return "anyOf" in self.of(operation)

    def _summary(self, operation: Operation) -> dict[str, Any]:
        schema = self._inline(get_type_hints(operation.method)["return"])
        if operation.fresh is not None:
            fresh = self._inline(get_type_hints(operation.fresh)["return"])
            schema["properties"] = {**schema["properties"], **fresh["properties"]}
        return schema

    def _whole(self, operation: Operation, summary: Mapping[str, Any]) -> dict[str, Any]:
        properties = summary["properties"]
        if "rows" in properties and "columns" in properties:
            rest = {name: schema for name, schema in properties.items() if name not in ("columns", "rows")}
            return self._envelope(operation.name, rest)
        found = {
            name: self._envelope(f"{operation.name}.{name}", self._page_rest()) if _is_page(schema) else schema
            for name, schema in properties.items()
        }
        return {**summary, "properties": found}

    def _page_rest(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.components["Page"]["properties"]
        return {name: schema for name, schema in properties.items() if name not in ("columns", "rows")}

    def _envelope(self, place: str, rest: Mapping[str, Any]) -> dict[str, Any]:
        row = ITEMS.get(place)
        items = {"type": "object"} if row is None else self._component(row)
        return {
            "type": "object",
            "properties": {"items": {"type": "array", "items": items}, **rest},
            "required": ["items"],
            "additionalProperties": False,
        }

    def _component(self, model: type[BaseModel]) -> dict[str, Any]:
        self.components[model.__name__] = self._inline(model)
        return {"$ref": REF.format(model=model.__name__)}

    def _inline(self, model: type[BaseModel]) -> dict[str, Any]:
        """A model's schema; those of the models in it become components."""
        schema = untitled(model.model_json_schema(ref_template=REF, mode="serialization"))
        self.components |= {name: _lean(part) for name, part in schema.pop("$defs", {}).items()}
        return _lean(schema)


def _lean(schema: dict[str, Any]) -> dict[str, Any]:
    """A model's schema as answers are: what is null or as usual is left out."""
    properties = schema.get("properties", {})
    usual = {name for name, part in properties.items() if "default" in part}
    shown = {name: without_null(part) if name in usual else part for name, part in properties.items()}
    return {**schema, "properties": shown, "required": [name for name in properties if name not in usual]}


def without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without null, where that is the same as being absent."""
    arms = [arm for arm in schema.get("anyOf", []) if arm != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
    if not arms:
        return rest
    return {**rest, **arms[0]} if len(arms) == 1 else {**rest, "anyOf": arms}


def untitled(node: Any) -> Any:
    """A schema without the titles pydantic makes of names; a property that is named so stays.

    Rows of fixed length say what any of their parts may be: few readers know `prefixItems`.
    """
    if isinstance(node, list):
        return [untitled(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "prefixItems" in node:
        kinds = list({str(part): part for part in node["prefixItems"]}.values())
        node = {**{key: part for key, part in node.items() if key != "prefixItems"}, "items": {"anyOf": kinds}}
    named = ("properties", "$defs")
    return {
        key: {name: untitled(part) for name, part in value.items()} if key in named else untitled(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
    }


def _is_page(schema: Mapping[str, Any]) -> bool:
    return _PAGE in (schema, *schema.get("anyOf", ()))
