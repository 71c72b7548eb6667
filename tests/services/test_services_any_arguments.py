"""Whatever is given for whichever argument: an answer or a refusal that says why, never a fault of ours."""

import json
from typing import Any

import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import Invalid, KanbanError
from tests.conftest import Call

SOUND: dict[str, Any] = {
    "file": "copy.db",
    "board": "Alpha",
    "name": "Beta",
    "task_id": 1,
    "note_id": 1,
    "depends_on": 2,
    "title": "t",
    "content": "c",
    "query": "q",
    "tag": "core",
    "tags": ["core"],
    "tasks": [{"title": "t"}],
    "calls": [{"operation": "get_board"}],
    "columns": [{"status": "a", "category": "todo"}, {"status": "b", "category": "done"}],
}
"""Something that will do for each argument that must be given."""

HOSTILE: list[Any] = [
    2**63,
    2**63 - 1,
    -(2**63) - 1,
    10**30,
    -1,
    0,
    True,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\ud800",
    "a\x00b",
    "²",
    "9" * 40,
    "x" * 100_000,
    "$0",
    "$99.id",
    [],
    [[]],
    [10**30],
    ["\ud800"],
    {},
    {"a": {"b": []}},
    [{"title": "\ud800"}],
    [{"operation": "get_task", "arguments": {"task_id": 10**30}}],
]


@pytest.fixture
async def names(app: App, call: Call, board: dict[str, Any]) -> list[str]:
    """The operations there are, but one that takes its time, on a board with something of everything."""
    await call("create_tasks", tasks=[{"title": "a", "tags": ["core"]}, {"title": "b"}])
    await call("add_note", task_id=1, content="n")
    return [operation.name for operation in app.catalog if operation.name != "profile"]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:40])
async def test_no_value_of_an_argument_is_a_fault_of_ours(app: App, names: list[str], value: Any) -> None:
    faults: list[str] = []
    for name in names:
        arguments = app.catalog[name].arguments.model_fields
        sound = {key: SOUND[key] for key, field in arguments.items() if field.is_required()}
        for key in set(arguments) - {"wait"}:
            try:
                await app.runner.call(name, {**sound, key: value}, actor="ann")
            except KanbanError as error:
                assert error.message
                if error.code == "internal":
                    faults.append(f"{name}.{key}")
    assert faults == []


async def test_numbers_are_neither_true_nor_false(app: App, names: list[str]) -> None:
    tried = 0
    for name in names:
        operation = app.catalog[name]
        fields = operation.arguments.model_fields
        sound = {key: SOUND[key] for key, field in fields.items() if field.is_required()}
        for key, schema in operation.schema.get("properties", {}).items():
            if schema.get("type") == "boolean":
                tried += 1
                with pytest.raises(Invalid, match="must be true or false"):
                    operation.checked({**sound, key: 0})
    assert tried > 5


@pytest.mark.parametrize("value", [True, False])
async def test_true_and_false_are_no_numbers(app: App, names: list[str], value: bool) -> None:
    taken: list[str] = []
    for name in names:
        operation = app.catalog[name]
        fields = operation.arguments.model_fields
        sound = {key: SOUND[key] for key, field in fields.items() if field.is_required()}
        for key, schema in operation.schema.get("properties", {}).items():
            kinds = json.dumps(schema)
            if ('"integer"' in kinds or '"number"' in kinds) and '"object"' not in kinds and '"boolean"' not in kinds:
                try:
                    operation.checked({**sound, key: value})
                    taken.append(f"{name}.{key}")
                except Invalid:
                    pass
    assert taken == []
