"""A request's path, query and body as the arguments of an operation."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import from_json

from kanban_mcp.errors import Invalid
from kanban_mcp.operations import Operation

MOST_PARAMETERS = 100
_INTEGER = re.compile(r"0|-?[1-9]\d{0,18}")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class Arguments:
    """Reads requests for one operation. Where they are checked is the operation, as for every transport."""

    def __init__(self, operation: Operation) -> None:
        properties = operation.arguments.model_json_schema().get("properties", {})
        self._kinds = {name: _kinds(schema) for name, schema in properties.items()}

    def merged(self, path: Mapping[str, str], query: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        """The arguments from all three; what is said twice must be said alike. Raises Invalid."""
        given = {name: self._value(name, value) for name, value in path.items()}
        for part in (query, _object(body) if body.strip() else {}):
            for name, value in part.items():
                if name in given and str(given[name]) != str(value):
                    raise Invalid(
                        f"{name} is given twice: {given[name]!r} and {value!r}.",
                        hint="Say it once: in the path, the query or the body.",
                    )
                given.setdefault(name, value)
        return given

    def of_query(self, query: bytes) -> dict[str, Any]:
        """Names and values, each as the type it should be; lists repeat the name, or have commas between."""
        try:
            pairs = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
        except ValueError:
            raise Invalid("The query cannot be read.", hint="Write it as name=value&name=value, in UTF-8.") from None
        found: dict[str, Any] = {}
        for name, text in pairs:
            if "array" in self._kinds.get(name, ()):
                found.setdefault(name, []).extend(part for part in text.split(",") if part)
            elif name in found:
                raise Invalid(f"{name} is given twice in the query.", hint="It takes one value.")
            else:
                found[name] = self._value(name, text)
        return found

    def _value(self, name: str, text: str) -> Any:
        kinds = self._kinds.get(name, ())
        if "integer" in kinds and _INTEGER.fullmatch(text) and not (text == "0" and "string" in kinds):
            return int(text)
        return _BOOLEANS.get(text, text) if "boolean" in kinds else text


def _object(body: bytes) -> dict[str, Any]:
    """The body, which is one JSON object."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Invalid(f"The body is not JSON: {error}.", hint="Send one JSON object.") from None
    if not isinstance(value, dict):
        raise Invalid("The body is not a JSON object.", hint='Send the arguments by name: {"title": "..."}.')
    return value


def _kinds(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The JSON types that a value may have."""
    arms = schema.get("anyOf", [schema])
    return tuple(arm["type"] for arm in arms if "type" in arm)
