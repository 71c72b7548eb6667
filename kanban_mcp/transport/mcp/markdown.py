"""Boards and reports as Markdown, for people and models to read.

What users wrote is escaped: it makes no links, images, code or HTML here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Page: TypeAlias = Mapping[str, Any]

_ACTIVE = re.compile(r"([\\`\[\]<>])")


def text(value: str) -> str:
    """What a user wrote, on one line."""
    return _escaped(" ".join(value.split()))


def quoted(value: str) -> str:
    """What a user wrote, as a quotation that keeps its lines."""
    return "\n".join(f"> {_escaped(line)}".rstrip() for line in value.splitlines())


def _escaped(value: str) -> str:
    return _ACTIVE.sub(r"\\\1", value)


def board(view: Mapping[str, Any]) -> str:
    """A board from what get_board answers: each column with its open tasks in order."""
    held = {row["task_id"]: row for row in rows(view.get("holders"))}
    shown = rows(view.get("tasks"))
    lines = [f"# {text(view['name'])}", ""]
    if view.get("archived_at"):
        lines += [f"Archived {view['archived_at']}.", ""]
    if view.get("description"):
        lines += [quoted(view["description"]), ""]
    for column in view["columns"]:
        lines += [f"## {text(column['name'])} ({_filled(column)})", ""]
        lines += [task(row, held.get(row["id"])) for row in shown if row["status"] == column["status"]]
        lines += [""] if lines[-1] else []
    rest = view["tasks"].get("total", 0) - len(shown) if view.get("tasks") else 0
    if rest > 0:
        lines += [f"{rest} more open tasks: kanban://boards/{view['id']}/tasks, or list_tasks.", ""]
    return "\n".join(lines)


def _filled(column: Mapping[str, Any]) -> str:
    return f"{column['tasks']} of {column['wip_limit']}" if column.get("wip_limit") else str(column["tasks"])


def task(row: Mapping[str, Any], holder: Mapping[str, Any] | None = None) -> str:
    """A task as an item of a list."""
    parts = [f"- #{row['id']} {text(row['title'])}", f"priority {row['priority']}"]
    if row["assignee"]:
        parts.append(f"assigned to {text(row['assignee'])}")
    if holder is not None:
        parts.append(f"held by {text(holder['claimed_by'])} for {holder['held_seconds'] // 60} min{_lease(holder)}")
    if row["blocked_by"]:
        parts.append(f"waits for {row['blocked_by']}")
    if row["tags"]:
        parts.append(f"tags: {', '.join(map(text, row['tags']))}")
    return ", ".join(parts)


def _lease(holder: Mapping[str, Any]) -> str:
    return "" if holder["expires_in_seconds"] > 0 else ", lease ended"


def rows(page: Page | None) -> list[dict[str, Any]]:
    """The rows of a page, each with the names of its columns."""
    return list(_rows(page)) if page else []


def _rows(page: Page) -> Iterator[dict[str, Any]]:
    for row in page["rows"]:
        yield dict(zip(page["columns"], row, strict=True))
