"""The types of arguments: what each may hold, said once."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from kanban_mcp.models.text import one_line, plain_name, printable

_CHECKED = re.compile(r"^\[([ xX])\]\s*")
LARGEST_ID = 2**63 - 1
"""What a column of SQLite holds."""


def _tag_name(text: str) -> str:
    if "," in text:
        raise ValueError("a tag holds no comma; give several tags as a list")
    return plain_name(text)


def _number(value: Any) -> Any:
    """What is true or false is no number, although Python takes it for one: an undo since `false` would undo all."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _truth(value: Any) -> Any:
    """Nor is a number true or false."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _id(value: int) -> int:
    if not 0 < value <= LARGEST_ID:
        raise ValueError(f"must be a positive integer, at most {LARGEST_ID}")
    return value


def _count(value: int) -> int:
    if not 0 <= value <= LARGEST_ID:
        raise ValueError(f"must be from 0 to {LARGEST_ID}")
    return value


def _listed(value: Any) -> Any:
    """A lone value where a list is meant: agents send both."""
    return value if isinstance(value, list | tuple) or value is None else [value]


def _moment(text: str) -> str:
    """ISO 8601 to the stored form; a date is its midnight, a time without zone is UTC."""
    if not text:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date or time like 2026-12-31 or 2026-12-31T17:00:00Z") from None
    try:
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None
    # Not strftime, which writes the year 999 with three digits: such a moment would not sort.
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _checklist_item(value: Any) -> Any:
    """`text`, `[x] text` or `{"text": ..., "done": ...}` to `[ ] text` or `[x] text`."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        value = f"[{'x' if value.get('done') else ' '}] {value['text']}"
    if not isinstance(value, str):
        return value
    done = (match := _CHECKED.match(value)) is not None and match[1] != " "
    return f"[{'x' if done else ' '}] {_CHECKED.sub('', value).strip()}"


def _since(value: Any) -> Any:
    """Digits are a seq, also as text, and never a date: cursors come back as they were given."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 20 else value


def _text(longest: int, *, shortest: int = 1) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


A_NUMBER = BeforeValidator(_number)
"""Stands behind the bounds, which its schema would not tell otherwise."""
A_TRUTH = BeforeValidator(_truth)
"""Of every argument that is true or false; operations put it there."""
Whole: TypeAlias = Annotated[int, A_NUMBER]
Id: TypeAlias = Annotated[Whole, AfterValidator(_id), WithJsonSchema({"type": "integer", "minimum": 1})]
Seq: TypeAlias = Annotated[Whole, AfterValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Lease: TypeAlias = Annotated[Whole, AfterValidator(_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Version: TypeAlias = Annotated[Whole, AfterValidator(_id), WithJsonSchema({"type": "integer", "minimum": 1})]
BoardRef: TypeAlias = Id | Annotated[str, _text(100), AfterValidator(one_line)]
Title: TypeAlias = Annotated[str, _text(200), AfterValidator(one_line)]
Name: TypeAlias = Annotated[str, _text(100), AfterValidator(plain_name)]
Description: TypeAlias = Annotated[str, _text(20_000, shortest=0), AfterValidator(printable)]
Content: TypeAlias = Annotated[str, _text(20_000), AfterValidator(printable)]
Status: TypeAlias = Annotated[str, _text(50), AfterValidator(one_line)]
Slug: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,49}$")]
Priority: TypeAlias = Annotated[int, Field(ge=0, le=10), A_NUMBER]
Assignee: TypeAlias = Annotated[str, _text(100, shortest=0), AfterValidator(plain_name)]
Actor: TypeAlias = Annotated[str, _text(100), AfterValidator(plain_name)]
TagName: TypeAlias = Annotated[str, _text(50), AfterValidator(_tag_name)]
TagParent: TypeAlias = Annotated[str, _text(50, shortest=0), AfterValidator(_tag_name)]
_TagNames: TypeAlias = Annotated[list[TagName], Field(max_length=50)]
TagNames: TypeAlias = Annotated[_TagNames, BeforeValidator(_listed, json_schema_input_type=_TagNames | TagName)]
_TaskIds: TypeAlias = Annotated[list[Id], Field(max_length=100)]
TaskIds: TypeAlias = Annotated[_TaskIds, BeforeValidator(_listed, json_schema_input_type=_TaskIds | Id)]
TaskRef: TypeAlias = Id | Annotated[str, StringConstraints(pattern=r"^\$\d{1,2}$")]
"""A task id, or `$n` for the nth task, counted from 0, of the same `create_tasks` call."""
_TaskRefs: TypeAlias = Annotated[list[TaskRef], Field(max_length=100)]
TaskRefs: TypeAlias = Annotated[_TaskRefs, BeforeValidator(_listed, json_schema_input_type=_TaskRefs | TaskRef)]
Moment: TypeAlias = Annotated[str, AfterValidator(_moment)]
Since: TypeAlias = Annotated[Seq | Moment, BeforeValidator(_since)]
"""A seq of the log, or a time."""
ChecklistItem: TypeAlias = Annotated[
    str,
    _text(504, shortest=5),
    AfterValidator(one_line),
    BeforeValidator(_checklist_item, json_schema_input_type=Annotated[str, _text(504)]),
]
_Checklist: TypeAlias = Annotated[list[ChecklistItem], Field(max_length=50)]
Checklist: TypeAlias = Annotated[
    _Checklist, BeforeValidator(_listed, json_schema_input_type=_Checklist | ChecklistItem)
]
Color: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(#[0-9a-fA-F]{6})?$")]
Query: TypeAlias = str
Limit: TypeAlias = Annotated[int, Field(ge=1, le=100), A_NUMBER]
Cursor: TypeAlias = Annotated[str, _text(500)]
Detail: TypeAlias = Annotated[Literal["summary", "full"], SkipJsonSchema()]
"""How much of each task a list has. Agents are not told of it: whole rows are for programs."""
FileName: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""A name in the folder for files, with slashes between; what it may lead to is checked where it is opened."""
IdempotencyKey: TypeAlias = Annotated[str, _text(200), AfterValidator(one_line)]

Wait: TypeAlias = Annotated[float, Field(ge=0, le=30), A_NUMBER]
Depth: TypeAlias = Annotated[int, Field(ge=1, le=10), A_NUMBER]

Category: TypeAlias = Literal["todo", "active", "done"]
NoteCategory: TypeAlias = Literal["general", "progress", "decision", "blocker", "question", "handoff"]
LinkKind: TypeAlias = Literal["blocks", "relates"]
