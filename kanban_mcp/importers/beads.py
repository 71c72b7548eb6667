"""beads: `.beads/issues.jsonl`, or what `bd export` writes; an issue a line."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from kanban_mcp.errors import Invalid
from kanban_mcp.importers.draft import DEFAULTS, Draft, DraftNote, DraftTask, stamped, text, texts
from kanban_mcp.importers.source import LARGEST, Foreign, Moment, Opener, Placed, lines
from kanban_mcp.models.fields import LinkKind

_STATUSES = {
    "open": "todo",
    "pinned": "todo",
    "hooked": "in_progress",
    "in_progress": "in_progress",
    "blocked": "todo",
    "deferred": "backlog",
    "closed": "done",
}
_PRIORITIES = {0: 10, 1: 8, 2: 5, 3: 3, 4: 1}
"""Theirs fall in weight from 0 on; ours rise."""
_BLOCKING = {"blocks", "conditional-blocks", "waits-for"}
_NOTES = (("design", "Design", "decision"), ("notes", "Notes", "general"), ("close_reason", "Closed", "handoff"))


class Beads(Foreign):
    """Issues. Other lines (memories) and deleted issues are left out, and counted."""

    kind = "beads"

    def __init__(self, opened: Opener, name: str) -> None:
        super().__init__()
        self._open = opened
        self._name = name

    def read(self, moment: Moment) -> Iterator[Placed]:
        """All issues in the order of the file."""
        digest = hashlib.sha256()
        tasks: list[DraftTask] = []
        size = 0
        with self._open() as file:
            for number, line in lines(file, digest):
                size += len(line)
                if size > LARGEST:
                    raise Invalid(f"line {number}: the file is larger than {LARGEST} bytes.", hint="Split it.")
                issue = _issue(line, f"line {number}") if line.strip() else None
                if issue is not None and self._kept(issue, f"line {number}"):
                    tasks.append(_task(issue, f"line {number}"))
        yield from Draft(self._name, tasks, list(DEFAULTS), left_out=self.left_out).records(moment)
        self.digest = digest.hexdigest()

    def _kept(self, issue: dict[str, Any], place: str) -> bool:
        kind = issue.get("_type", "issue")
        if kind != "issue":
            self.left_out.append(f"{place}: is a {kind}")
        elif issue.get("status") == "tombstone" or issue.get("deleted_at"):
            self.left_out.append(f"{place}: {issue.get('id')} was deleted")
        else:
            return True
        return False


def _issue(line: bytes, place: str) -> dict[str, Any]:
    try:
        issue = json.loads(line)
    except (ValueError, RecursionError):
        raise Invalid(f"{place}: is not JSON.", hint="Export it once more: bd export.") from None
    if not isinstance(issue, dict):
        raise Invalid(f"{place}: is no issue.", hint="Export it once more: bd export.")
    return issue


def _task(issue: dict[str, Any], place: str) -> DraftTask:
    key = text(issue.get("id"), place)
    if not key or not isinstance(issue.get("title"), str):
        raise Invalid(f"{place}: an issue has an id and a title.", hint="Export it once more: bd export.")
    closed = issue.get("status") == "closed"
    kind = text(issue.get("issue_type"), place)
    needs, parent = _links(issue, place)
    return DraftTask(
        key=key,
        title=issue["title"],
        status=_STATUSES.get(text(issue.get("status"), place), "todo"),
        description=text(issue.get("description"), place),
        priority=_PRIORITIES.get(issue.get("priority", 2), 5),
        assignee=text(issue.get("assignee"), place) or None,
        created_by=text(issue.get("created_by"), place) or None,
        acceptance=_checklist(text(issue.get("acceptance_criteria"), place), done=closed),
        tags=[*texts(issue.get("labels"), place), *([kind] if kind not in ("", "task") else [])],
        needs=needs,
        parent=parent,
        due_at=stamped(issue.get("due_at")),
        created_at=stamped(issue.get("created_at")),
        updated_at=stamped(issue.get("updated_at")),
        started_at=stamped(issue.get("started_at")),
        completed_at=stamped(issue.get("closed_at")) if closed else None,
        notes=_notes(issue, place),
    )


def _links(issue: dict[str, Any], place: str) -> tuple[list[tuple[str, LinkKind]], str | None]:
    needs: list[tuple[str, LinkKind]] = []
    parent = None
    for link in _objects(issue.get("dependencies"), place):
        kind, other = text(link.get("type"), place), text(link.get("depends_on_id"), place)
        if kind == "parent-child":
            parent = other
        else:
            needs.append((other, "blocks" if kind in _BLOCKING else "relates"))
    return needs, parent


def _notes(issue: dict[str, Any], place: str) -> list[DraftNote]:
    updated = stamped(issue.get("updated_at"))
    found = [
        DraftNote(words, title, category, created_at=updated)  # type: ignore[arg-type]
        for name, title, category in _NOTES
        if (words := text(issue.get(name), place))
    ]
    for comment in _objects(issue.get("comments"), place):
        author, at = text(comment.get("author"), place) or None, stamped(comment.get("created_at"))
        found.append(DraftNote(text(comment.get("text"), place), author=author, created_at=at))
    return [note for note in found if note.content]


def _checklist(words: str, *, done: bool) -> list[tuple[str, bool]]:
    """Free text there; a line an item here. A closed issue has met what it asked for."""
    items = (line.strip().removeprefix("- ").removeprefix("* ") for line in words.splitlines())
    return [(item[4:] if item[:4].lower() in ("[ ] ", "[x] ") else item, done) for item in items if item]


def _objects(value: object, place: str) -> list[dict[str, Any]]:
    items = value or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Invalid(f"{place}: links and comments are lists of objects.", hint="Export it once more: bd export.")
    return items
