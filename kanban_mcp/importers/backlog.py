"""Backlog.md: a folder of Markdown files, a task each, with YAML on top. Read as version 1.52 writes it."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

import yaml

from kanban_mcp.errors import Invalid
from kanban_mcp.files import Folder
from kanban_mcp.importers.draft import Draft, DraftNote, DraftTask, columns, stamped, text, texts
from kanban_mcp.importers.source import Foreign, Moment, Placed, digest_of
from kanban_mcp.models.fields import NoteCategory

_HEAD = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n?(.*)\Z", re.DOTALL)
_SECTION = re.compile(r"^## (.+?)[ \t]*$", re.MULTILINE)
_MARKER = re.compile(r"^<!-- [A-Z_:]+ -->[ \t]*\r?\n?", re.MULTILINE)
_ITEM = re.compile(r"^- \[([ xX])\] (?:#\d+ )?(.*)$", re.MULTILINE)
_PRIORITIES = {"high": 8, "medium": 5, "low": 2}
_STATUSES = ["To Do", "In Progress", "Done"]
_CHECKLISTS = ("Acceptance Criteria", "Definition of Done")
_NOTES: dict[str, NoteCategory] = {
    "Implementation Plan": "general",
    "Implementation Notes": "progress",
    "Final Summary": "handoff",
}
_PLACES = ("tasks", "completed", "archive/tasks")
_LARGEST = 1_000_000


class BacklogFolder(Foreign):
    """The folder `backlog` of a project. Drafts, documents and decisions are no tasks, and left out."""

    kind = "backlog"

    def __init__(self, folder: Folder, name: str) -> None:
        super().__init__()
        self._folder = folder
        self._name = name

    def read(self, moment: Moment) -> Iterator[Placed]:
        """All tasks, those under way, completed and archived."""
        read: list[bytes] = []
        config = self._config(read)
        found = [
            (place, name, self._read(f"{place}/{name}", read))
            for place in _PLACES
            for name in self._folder.listed(f"{self._name}/{place}")
            if name.endswith(".md")
        ]
        self.left_out = [
            f"drafts/{name}: a draft is no task yet" for name in self._folder.listed(f"{self._name}/drafts")
        ]
        yield from self._draft(config, found).records(moment)
        self.digest = digest_of(*read)

    def _draft(self, config: dict[str, Any], found: list[tuple[str, str, bytes]]) -> Draft:
        parts = [(place, f"{place}/{name}", *_parts(data, f"{place}/{name}")) for place, name, data in found]
        # Files lie in the order of their names; `ordinal` is the order on the board.
        parts.sort(key=lambda part: (_PLACES.index(part[0]), _ordinal(part[2])))
        used = [text(head.get("status"), file) for _, file, head, _ in parts]
        names = list(dict.fromkeys([*texts(config.get("statuses"), "config.yml"), *used]))
        made, statuses = columns(
            [name for name in names if name] or _STATUSES, {"to_do": "todo", "backlog": "todo", "done": "done"}
        )
        first = made[0].status
        tasks = [_task(file, head, body, statuses, first, place) for place, file, head, body in parts]
        name = text(config.get("project_name"), "config.yml") or "Backlog"
        return Draft(name, tasks, made, left_out=self.left_out)

    def _config(self, read: list[bytes]) -> dict[str, Any]:
        if "config.yml" not in self._folder.listed(self._name):
            return {}
        return _yaml(self._read("config.yml", read).decode("utf-8", "replace"), "config.yml")

    def _read(self, name: str, read: list[bytes]) -> bytes:
        with self._folder.reading(f"{self._name}/{name}") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise Invalid(f"{name}: is larger than {_LARGEST} bytes.", hint="No task is that long; check the file.")
        read += [name.encode(), data]
        return data


def _task(file: str, head: dict[str, Any], body: str, statuses: dict[str, str], first: str, place: str) -> DraftTask:
    sections = _sections(body)
    created = stamped(_date(head.get("created_date")))
    updated = stamped(_date(head.get("updated_date"))) or created
    assignees = [name.removeprefix("@") for name in texts(head.get("assignee"), file)]
    links = [f"- {link}" for field in ("references", "documentation") for link in texts(head.get(field), file)]
    return DraftTask(
        key=text(head.get("id"), file).upper() or file,
        title=text(head.get("title"), file),
        status=statuses.get(text(head.get("status"), file), first),
        description="\n\n".join(part for part in (sections.get("Description", ""), "\n".join(links)) if part),
        priority=_PRIORITIES.get(text(head.get("priority"), file).lower(), 5),
        assignee=assignees[0] if assignees else None,
        created_by=text(head.get("reporter"), file).removeprefix("@") or None,
        acceptance=[
            (item, done != " ") for name in _CHECKLISTS for done, item in _ITEM.findall(sections.get(name, ""))
        ],
        tags=texts(head.get("labels"), file) + texts(head.get("milestone"), file),
        needs=[(key.upper(), "blocks") for key in texts(head.get("dependencies"), file)],
        parent=text(head.get("parent_task_id"), file).upper() or None,
        due_at=stamped(_date(head.get("due_date"))),
        created_at=created,
        updated_at=updated,
        archived=place == "archive/tasks",
        notes=[
            DraftNote(sections[name], name, category, created_at=updated)
            for name, category in _NOTES.items()
            if sections.get(name)
        ],
    )


def _parts(data: bytes, file: str) -> tuple[dict[str, Any], str]:
    match = _HEAD.match(data.decode("utf-8", "replace"))
    if match is None:
        raise Invalid(f"{file}: has no YAML between two lines of ---.", hint="Mend the file, or move it away.")
    return _yaml(match[1], file), match[2]


def _yaml(words: str, file: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(words)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1} of it" if mark else ""
        raise Invalid(f"{file}: its YAML is wrong{where}.", hint="Mend the file.") from None
    if not isinstance(found, dict):
        raise Invalid(f"{file}: its YAML names no fields.", hint="Mend the file.")
    return found


def _sections(body: str) -> dict[str, str]:
    _, *parts = _SECTION.split(body)
    return {name: _MARKER.sub("", part).strip() for name, part in zip(parts[::2], parts[1::2], strict=True)}


def _date(value: object) -> object:
    """YAML makes a date of what is written without quotes."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def _ordinal(head: dict[str, Any]) -> float:
    ordinal = head.get("ordinal")
    return float(ordinal) if isinstance(ordinal, int | float) else float("inf")
