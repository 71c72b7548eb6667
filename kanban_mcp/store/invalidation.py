"""Which changes make which cached answers untrue."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from string import Formatter
from typing import Any

from kanban_mcp.models.change import Change

OUTDATED: Mapping[str, tuple[str, ...]] = {
    "board:*": ("boards", "board:{board_id}"),
    "task:*": ("board:{board_id}", "task:{task_id}", "task:{linked}"),
    "dependency:*": ("board:{board_id}", "task:{task_id}", "task:{linked}"),
    "note:*": ("task:{task_id}",),
    "tag:*": ("tags",),
}
"""Kinds of changes, `entity:action`, and the scopes that each outdates; `linked` are the other tasks that it names."""


def scopes_of(change: Change) -> set[str]:
    """What a change makes untrue."""
    found: set[str] = set()
    for template in _templates(f"{change.entity}:{change.action}"):
        field = _field(template)
        values = _values(change, field) if field else [None]
        found |= {template.format(**{field: value}) if field else template for value in values}
    return found


def patterns_of(pattern: str) -> set[str]:
    """A pattern, and what a change of the kind that it names would outdate: `task:updated` is `task:*` and `board:*`.

    `board:1:*` means the board and all in it.
    """
    found = {pattern, pattern.removesuffix(":*") or pattern}
    for template in _templates(pattern):
        field = _field(template)
        found.add(template.format(**{field: "*"}) if field else template)
    return found


@cache
def _templates(kind: str) -> tuple[str, ...]:
    entity, _, action = kind.partition(":")
    if not action.isidentifier():
        return ()
    return tuple(each for known, templates in OUTDATED.items() if fnmatchcase(kind, known) for each in templates)


@cache
def _field(template: str) -> str | None:
    return next((field for _, field, _, _ in Formatter().parse(template) if field), None)


def _values(change: Change, field: str) -> list[int]:
    found = {"board_id": [change.board_id], "task_id": [change.task_id]}.get(field)
    if found is None:
        found = [*_linked(change.before), *_linked(change.after)]
    return [value for value in found if value is not None]


def _linked(fields: Mapping[str, Any] | None) -> list[int | None]:
    """The other tasks that the fields of a change name."""
    if not fields:
        return []
    found: list[int | None] = [fields.get("parent_id")]
    for name in ("depends_on", "dependents", "subtasks"):
        others = fields.get(name, [])
        listed = others if isinstance(others, list) else [others]
        found += [other[0] if isinstance(other, list | tuple) else other for other in listed]
    return found
