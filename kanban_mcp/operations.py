"""Operations: ordinary methods of services, made callable by name with arguments from outside.

The method's name is the operation's, its signature the schema of the arguments, its docstring the description.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_json

from kanban_mcp.errors import Forbidden, Invalid
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.models.fields import A_TRUTH, IdempotencyKey, Wait
from kanban_mcp.models.record import Record
from kanban_mcp.models.toolset import Toolset
from kanban_mcp.nearest import nearest

Effect: TypeAlias = Literal["read", "write", "destroy"]


@dataclass(frozen=True)
class Operation:
    """One operation, bound to the service that carries it out.

    `keyed` ones take an idempotency key. `point` ones read so little that a thread hop would cost more. `plain` ones
    read no rows and so need no transaction. `waits` marks
    those that can wait, up to `wait` seconds, until they have rows to answer. `fresh` gives the part of an answer that
    depends on the time, from the same arguments. `admin` ones change or show the server rather than the boards.
    `wide` ones concern all boards at once and so are not for callers limited to some.
    `creates` is the address of what was made, filled in from the result.
    `prepare` does what needs no writer, in a reading transaction, and answers the job that is left for the writer.
    """

    toolset: Toolset
    effect: Effect
    method: Callable[..., Record]
    http: str
    keyed: bool = False
    point: bool = False
    plain: bool = False
    waits: bool = False
    fresh: Callable[..., Record] | None = None
    admin: bool = False
    wide: bool = False
    creates: str = ""
    prepare: Callable[..., Callable[[], Record]] | None = None

    @cached_property
    def scope(self) -> Scope:
        """What a caller must be allowed to do."""
        if self.admin:
            return "admin"
        return "read" if self.effect == "read" else "write"

    def permit(self, caller: Caller) -> None:
        """Raise Forbidden if a caller may not have it carried out."""
        if self.scope not in caller.scopes:
            raise Forbidden(
                f"{self.name} needs the scope {self.scope!r}.",
                hint="Use a key that has it; `kanban-mcp keys create` makes one.",
            )
        if self.wide and caller.boards is not None:
            raise Forbidden(
                f"{self.name} concerns all boards, and the key is limited to some.",
                hint="Use a key that is not limited to boards.",
            )

    @cached_property
    def name(self) -> str:
        """What every transport calls it."""
        return self.method.__name__

    @cached_property
    def description(self) -> str:
        """The docstring, each paragraph on one line: agents read it."""
        paragraphs = inspect.cleandoc(self.method.__doc__ or "").split("\n\n")
        return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """The model that checks arguments; unknown ones are refused."""
        hints = {
            name: Annotated[hint, A_TRUTH] if hint in (bool, bool | None) else hint
            for name, hint in get_type_hints(self.method, include_extras=True).items()
        }
        fields: dict[str, Any] = {
            name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in inspect.signature(self.method).parameters.items()
        }
        if self.waits:
            fields["wait"] = (Wait, 0)
        if self.keyed:
            fields["idempotency_key"] = (Annotated[IdempotencyKey | None, Field()], None)
        return create_model(self.name, __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The arguments as JSON schema, without what agents do not need."""
        schema = self.arguments.model_json_schema()
        lean: dict[str, Any] = _lean(schema, schema.get("$defs", {}))
        return lean

    def call(self, arguments: Mapping[str, Any]) -> "Call":
        """A call with these arguments."""
        return Call(self, arguments)

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments given, each as its type; null stands for not given. Raises Invalid."""
        known = self.arguments.model_fields
        given = {name: value for name, value in arguments.items() if value is not None or name not in known}
        try:
            model = self.arguments.model_validate(given)
        except ValidationError as error:
            raise self._explained(error) from None
        return {name: getattr(model, name) for name in model.model_fields_set}

    def run(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check the arguments and carry the operation out in the transaction this thread is in, as part of another."""
        checked = self.checked(arguments)
        if "idempotency_key" in checked:
            raise Invalid("A part of a batch takes no key of its own.", hint="Give idempotency_key to the whole.")
        checked.pop("wait", None)
        return self.whole(**checked)

    def whole(self, **arguments: Any) -> dict[str, Any]:
        """The result for checked arguments, with its fresh part, as JSON values."""
        result = self.method(**arguments).lean()
        return result if self.fresh is None else {**result, **self.fresh(**arguments).lean()}

    def _explained(self, error: ValidationError) -> Invalid:
        names = list(self.arguments.model_fields)
        details = _meant(error.errors(include_url=False, include_context=False))
        said = "; ".join(_one_problem(problem, names) for problem in details[:5])
        required = [f"{name} (required)" if field.is_required() else name for name, field in self._fields()]
        return Invalid(f"Invalid arguments for {self.name}: {said}", hint=f"It takes {', '.join(required) or 'none'}.")

    def _fields(self) -> list[tuple[str, Any]]:
        return list(self.arguments.model_fields.items())


class Call:
    """A call of an operation, which may be made many times: its arguments are checked with the first."""

    __slots__ = ("_checked", "_given", "_key", "operation")

    def __init__(self, operation: Operation, arguments: Mapping[str, Any]) -> None:
        self.operation = operation
        self._given = arguments
        # Not cached properties: those take a lock, and most calls are made once.
        self._checked: Mapping[str, Any] | None = None
        self._key: str | None = None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments, each as its type. Raises Invalid."""
        if self._checked is None:
            self._checked = self.operation.checked(self._given)
        return self._checked

    @property
    def key(self) -> str:
        """The same for the same arguments, in whatever order they came."""
        if self._key is None:
            self._key = to_json(sorted(self.arguments.items())).decode()
        return self._key


def _meant(problems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Problems without those of the other arms of a union, where one arm knew the type and refused the value."""
    refused = {_place(problem["loc"]) for problem in problems if problem["type"] == "value_error"}
    return [
        problem
        for problem in problems
        if problem["type"] not in ("int_type", "string_type") or _place(problem["loc"]) not in refused
    ]


def _one_problem(problem: Mapping[str, Any], names: list[str]) -> str:
    place = _place(problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = nearest(str(problem["loc"][-1]), names) if len(problem["loc"]) == 1 else None
        return f"unknown argument {place!r}" + (f", did you mean {near!r}?" if near else "")
    if problem["type"] == "missing":
        return f"{place} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    value = repr(problem["input"])
    return f"{place}: {message}" + (f" (got {value})" if len(value) <= 60 else "")


def _place(location: tuple[str | int, ...]) -> str:
    """`tasks[2].priority`, without the names pydantic gives to the arms of a union."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier() and not (text and part in ("int", "str")):
            text += f".{part}" if text else part
    return text or str(location[0] if location else "arguments")[:60]


def _lean(node: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema without titles, null arms, null defaults and references; where a list is taken, the list alone."""
    if isinstance(node, list):
        return [_lean(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _lean(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    arms = [arm for arm in node.get("anyOf", []) if arm != {"type": "null"}]
    items: dict[str, Any] = next((arm["items"] for arm in arms if "items" in arm), {})
    arms = [arm for arm in arms if arm not in items.get("anyOf", [items])]
    if len(arms) == 1:
        node = {**{key: value for key, value in node.items() if key != "anyOf"}, **arms[0]}
    elif arms:
        node = {**node, "anyOf": arms}
    lean = {}
    for key, value in node.items():
        if key in _SUPERFLUOUS or _evident(key, value):
            continue
        if key == "properties":
            lean[key] = {name: _lean(schema, definitions) for name, schema in value.items()}
        else:
            lean[key] = _lean(value, definitions)
    return _short_union(lean)


def _evident(key: str, value: Any) -> bool:
    """Whether an agent would guess it: empty and false defaults, counts from 0 or 1 on."""
    return (key == "default" and value in (None, "", [], False)) or (key == "minimum" and value in (0, 1))


def _short_union(node: dict[str, Any]) -> dict[str, Any]:
    """A union of plain types as one list of types."""
    arms = node.get("anyOf")
    if not arms or any(set(arm) - {"type"} for arm in arms):
        return node
    return {"type": [arm["type"] for arm in arms], **{key: value for key, value in node.items() if key != "anyOf"}}


# Titles and descriptions of models repeat the names; lengths and unknown arguments are told when they are wrong.
_SUPERFLUOUS = {
    "$defs",
    "additionalProperties",
    "description",
    "maxItems",
    "maxLength",
    "minItems",
    "minLength",
    "pattern",
    "title",
}
