"""Boards of other programs, collected until they are whole, then given as our records."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kanban_mcp.errors import Invalid
from kanban_mcp.importers.source import Moment, Placed
from kanban_mcp.models.board import DEFAULT_COLUMNS
from kanban_mcp.models.exchange import (
    FORMAT,
    VERSION,
    BoardRecord,
    ChangeRecord,
    ColumnRecord,
    HeaderRecord,
    NoteRecord,
    TagRecord,
    TaskRecord,
)
from kanban_mcp.models.fields import Category, LinkKind, NoteCategory
from kanban_mcp.models.position import between
from kanban_mcp.visible import visible

TITLE, TEXT, ITEM, ITEMS, NAME, TAG = 200, 20_000, 500, 50, 100, 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(r"[\x00-\x20\x7f]+")


@dataclass
class DraftNote:
    """A comment or another text on a task."""

    content: str
    title: str = ""
    category: NoteCategory = "general"
    author: str | None = None
    created_at: str | None = None


@dataclass
class DraftTask:
    """A task under the key its program knows it by; `needs` and `parent` are such keys."""

    key: str
    title: str
    status: str
    description: str = ""
    priority: int = 5
    assignee: str | None = None
    created_by: str | None = None
    acceptance: list[tuple[str, bool]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    needs: list[tuple[str, LinkKind]] = field(default_factory=list)
    parent: str | None = None
    due_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    archived: bool = False
    notes: list[DraftNote] = field(default_factory=list)


@dataclass
class Draft:
    """A board of another program. What has no place here is said in `left_out`, not dropped in silence."""

    name: str
    tasks: list[DraftTask]
    columns: list[ColumnRecord] = field(default_factory=lambda: list(DEFAULTS))
    description: str = ""
    left_out: list[str] = field(default_factory=list)

    def records(self, moment: Moment) -> Iterator[Placed]:
        """The board's records, with ids from 1 in the order of its tasks."""
        ids = self._numbered()
        created = min((task.created_at for task in self.tasks if task.created_at), default=moment.now)
        yield "header", HeaderRecord(format=FORMAT, version=VERSION)
        yield (
            "board",
            BoardRecord(
                id=1,
                name=one_line(self.name, NAME) or "Imported",
                description=printable(self.description)[:TEXT],
                created_at=created,
                updated_at=moment.now,
                columns=self.columns,
            ),
        )
        yield from self._tags()
        notes: list[Placed] = []
        changes: list[Placed] = []
        ends: dict[str, str] = {}
        categories = {column.status: column.category for column in self.columns}
        for task in self.tasks:
            ends[task.status] = between(ends.get(task.status), None)
            made = self._task(task, ids, ends[task.status], categories[task.status], moment)
            yield task.key, made
            notes += self._notes(task, made, len(notes), moment)
            changes.append((task.key, _created(made)))
        yield from notes
        yield from changes

    def _numbered(self) -> dict[str, int]:
        ids: dict[str, int] = {}
        for number, task in enumerate(self.tasks, start=1):
            if ids.setdefault(task.key, number) != number:
                raise Invalid(f"{task.key}: is there twice.", hint="Remove one of the two from the file.")
        return ids

    def _tags(self) -> Iterator[Placed]:
        names = {tag_key(name): tag_name(name) for task in reversed(self.tasks) for name in reversed(task.tags)}
        for number, key in enumerate(sorted(names), start=1):
            yield f"tag {names[key]!r}", TagRecord(id=number, name=names[key])

    def _task(
        self, task: DraftTask, ids: dict[str, int], position: str, category: Category, moment: Moment
    ) -> TaskRecord:
        created = task.created_at or task.updated_at or moment.now
        updated = max(task.updated_at or created, created)
        items = [f"[{'x' if done else ' '}] {one_line(text, ITEM)}" for text, done in task.acceptance]
        return TaskRecord(
            id=ids[task.key],
            status=task.status,
            position=position,
            priority=task.priority,
            title=one_line(task.title, TITLE) or task.key,
            description=self._description(task)[:TEXT],
            acceptance=items[:ITEMS],
            assignee=named(task.assignee),
            created_by=named(task.created_by) or moment.actor,
            parent_id=self._parent(task, ids),
            due_at=task.due_at,
            created_at=created,
            updated_at=updated,
            started_at=task.started_at or (updated if category == "active" else None),
            completed_at=(task.completed_at or updated) if category == "done" else None,
            archived_at=updated if task.archived else None,
            tags=sorted({tag_key(name): tag_name(name) for name in reversed(task.tags)}.values()),
            depends_on=self._links(task, ids),
        )

    def _description(self, task: DraftTask) -> str:
        """With what is too long for its own field. What is too long for this one goes on in notes."""
        title = printable(task.title) if len(one_line(task.title, 10**9)) > TITLE else ""
        more = "\n".join(f"- [{'x' if done else ' '}] {text}" for text, done in task.acceptance[ITEMS:])
        return "\n\n".join(part for part in (title, printable(task.description), printable(more)) if part)

    def _parent(self, task: DraftTask, ids: dict[str, int]) -> int | None:
        if task.parent is not None and task.parent not in ids:
            self.left_out.append(f"{task.key}: its parent {task.parent} is not in the file")
        return ids.get(task.parent or "")

    def _links(self, task: DraftTask, ids: dict[str, int]) -> list[tuple[int, LinkKind]]:
        links: dict[int, LinkKind] = {}
        for key, kind in task.needs:
            if key not in ids:
                self.left_out.append(f"{task.key}: {key}, which it is linked to, is not in the file")
            elif links.get(ids[key]) != "blocks":
                links[ids[key]] = kind
        return sorted(links.items())

    def _notes(self, task: DraftTask, made: TaskRecord, before: int, moment: Moment) -> list[Placed]:
        whole = self._description(task)
        rest = [DraftNote(whole[start : start + TEXT], "More") for start in range(TEXT, len(whole), TEXT)]
        found: list[Placed] = []
        for note in (*rest, *(part for given in task.notes for part in _parts(given))):
            at = note.created_at or made.updated_at
            record = NoteRecord(
                id=before + len(found) + 1,
                task_id=made.id,
                title=one_line(note.title, TITLE),
                content=note.content,
                category=note.category,
                author=named(note.author) or made.created_by,
                created_at=at,
                updated_at=at,
            )
            found.append((task.key, record))
        return found


def _parts(note: DraftNote) -> Iterator[DraftNote]:
    text = printable(note.content)
    for start in range(0, len(text), TEXT):
        yield DraftNote(text[start : start + TEXT], note.title, note.category, note.author, note.created_at)


def _created(task: TaskRecord) -> ChangeRecord:
    after: dict[str, Any] = task.model_dump(exclude={"type", "depends_on"}, exclude_defaults=True)
    needs = [other for other, kind in task.depends_on if kind == "blocks"]
    after |= {"board_id": 1, "version": task.version, **({"depends_on": needs} if needs else {})}
    return ChangeRecord(
        at=task.created_at,
        actor=task.created_by,
        action="created",
        entity="task",
        entity_id=task.id,
        task_id=task.id,
        after=after,
    )


DEFAULTS: tuple[ColumnRecord, ...] = tuple(
    ColumnRecord(status=spec.status, name=spec.name or spec.status, category=spec.category) for spec in DEFAULT_COLUMNS
)


def columns(names: list[str], categories: dict[str, Category]) -> tuple[list[ColumnRecord], dict[str, str]]:
    """Columns named as in another program, and the status that each name got; `categories` by status, else active."""
    made: dict[str, ColumnRecord] = {}
    statuses: dict[str, str] = {}
    for name in names:
        status = slug(name)
        while status in made:
            status = f"{status[:48]}_2"
        statuses[name] = status
        made[status] = ColumnRecord(
            status=status, name=one_line(name, NAME) or status, category=categories.get(status, "active")
        )
    kinds = {column.category for column in made.values()}
    first = [] if "todo" in kinds else [DEFAULTS[0]]
    last = [] if "done" in kinds else [DEFAULTS[-1]]
    return [*first, *made.values(), *last], statuses


def slug(name: str) -> str:
    """A column's status from its name."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:50].strip("_") or "column"


def printable(text: str) -> str:
    """A text without control characters and white space around it."""
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode()).strip()


def one_line(text: str, longest: int) -> str:
    """A text on one line, cut to a length."""
    line = _SPACES.sub(" ", text.encode("utf-8", "replace").decode()).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def named(name: str | None) -> str | None:
    """A name as names are here: nothing hidden in it."""
    return (visible(one_line(name, NAME)) if name else None) or None


def tag_name(name: str) -> str:
    """A tag's name: one line without commas."""
    return visible(one_line(name.replace(",", " "), TAG)) or "tag"


def tag_key(name: str) -> bytes:
    """The same for tags that differ only in the case of their letters."""
    return tag_name(name).encode().lower()


def stamped(value: object) -> str | None:
    """A time or date of another program as it is stored; None where it is none. Without zone it is UTC."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def texts(value: object, place: str) -> list[str]:
    """A list of words in a file of another program. Raises Invalid."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int) for item in items):
        raise Invalid(f"{place}: holds something else than words.", hint="Mend the file.")
    return [str(item) for item in items]


def text(value: object, place: str) -> str:
    """A text in a file of another program; empty where there is none. Raises Invalid."""
    return "\n".join(texts(value, place))
