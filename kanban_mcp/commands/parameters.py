"""Arguments of operations as parameters of commands, from the same models that check them."""

import json
from typing import Any

import click

from kanban_mcp.commands.suggestions import KNOWN, suggest
from kanban_mcp.commands.words import Word
from kanban_mcp.operations import Operation

LEFT_OUT = {"idempotency_key", "wait"}
"""What is for callers that repeat calls, or wait in one."""


class Whole(click.ParamType[Any]):
    """JSON, for arguments that have parts."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value that the text stands for."""
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{value!r} is not JSON.", param, ctx)


class Reference(click.ParamType[Any]):
    """An id or a name."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Digits are an id."""
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def parameters(operation: Operation, word: Word) -> list[click.Parameter]:
    """The parameters of an operation: required ones by place, the others by flag."""
    schema = operation.schema
    required = schema.get("required", [])
    properties = {name: one for name, one in schema.get("properties", {}).items() if name not in LEFT_OUT}
    placed = [name for name in properties if name in required or name in word.places]
    found: list[click.Parameter] = [_argument(name, properties[name], name in required) for name in placed]
    return found + [_option(name, one) for name, one in properties.items() if name not in placed]


def _argument(name: str, schema: dict[str, Any], required: bool) -> click.Argument:
    several = name == "query" or _several(schema)
    return click.Argument(
        [name],
        type=_type(schema["items"] if _several(schema) else schema),
        required=required,
        nargs=-1 if several else 1,
        shell_complete=suggest if name in KNOWN else None,
    )


def _option(name: str, schema: dict[str, Any]) -> click.Option:
    flag = "--" + name.replace("_", "-")
    if schema.get("type") == "boolean":
        default = schema.get("default")
        return click.Option([f"{flag}/--no-{flag[2:]}" if default is True else flag, name], default=None, is_flag=True)
    several = _several(schema)
    return click.Option(
        [flag, name],
        type=_type(schema["items"] if several else schema),
        multiple=several,
        help=_help(schema, several),
        shell_complete=suggest if name in KNOWN else None,
    )


def _several(schema: dict[str, Any]) -> bool:
    """Whether it is a list of plain values, each of which may be typed."""
    return schema.get("type") == "array" and schema["items"].get("type") != "object"


def _type(schema: dict[str, Any]) -> click.ParamType[Any]:
    if "enum" in schema:
        return click.Choice(schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return Reference()
    plain: dict[Any, click.ParamType[Any]] = {"string": click.STRING, "integer": click.INT, "number": click.FLOAT}
    return plain.get(kind) or Whole()


def _help(schema: dict[str, Any], several: bool) -> str:
    parts = []
    if "maximum" in schema:
        parts.append(f"Up to {schema['maximum']}")
    if "default" in schema:
        parts.append(f"Default: {schema['default']}")
    if several:
        parts.append("May be repeated")
    return ". ".join(parts) + "." if parts else ""
