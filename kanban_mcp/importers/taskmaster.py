"""task-master: `.taskmaster/tasks/tasks.json`, with tags as version 0.43 writes it, and without as before."""

from collections.abc import Iterator
from typing import Any

from kanban_mcp.errors import Invalid
from kanban_mcp.importers.draft import DEFAULTS, Draft, DraftNote, DraftTask, stamped, text, texts
from kanban_mcp.importers.source import Foreign, Moment, Opener, Placed, digest_of, parsed, whole

_STATUSES = {
    "pending": "todo",
    "in-progress": "in_progress",
    "review": "review",
    "done": "done",
    "completed": "done",
    "blocked": "todo",
    "deferred": "backlog",
    "cancelled": "done",
}
_PRIORITIES = {"critical": 10, "high": 8, "medium": 5, "low": 2}
_MAIN = "master"


class TaskMaster(Foreign):
    """Tasks of all tags on one board; those of a tag other than `master` carry it. Subtasks become tasks."""

    kind = "task-master"

    def __init__(self, opened: Opener, name: str) -> None:
        super().__init__()
        self._open = opened
        self._name = name

    def read(self, moment: Moment) -> Iterator[Placed]:
        """All tasks, each followed by its subtasks."""
        with self._open() as file:
            data = whole(file)
        tasks: list[DraftTask] = []
        for tag, items in _by_tag(parsed(data, "tasks.json")).items():
            prefix = "" if tag == _MAIN else f"{tag}:"
            for item in items:
                tasks += _with_subtasks(item, prefix, [tag] if prefix else [])
        yield from Draft(self._name, tasks, list(DEFAULTS), left_out=self.left_out).records(moment)
        self.digest = digest_of(data)


def _by_tag(found: Any) -> dict[str, list[dict[str, Any]]]:
    if isinstance(found, dict) and isinstance(found.get("tasks"), list):
        found = {_MAIN: found}
    if not isinstance(found, dict):
        raise Invalid("tasks.json: holds no tasks.", hint="Name the file tasks.json of task-master.")
    return {tag: _objects(part.get("tasks"), tag) for tag, part in found.items() if isinstance(part, dict)}


def _with_subtasks(item: dict[str, Any], prefix: str, tags: list[str]) -> Iterator[DraftTask]:
    number = text(item.get("id"), f"{prefix}task")
    place = f"{prefix}{number}"
    yield _task(item, place, prefix, tags, parent=None)
    for subtask in _objects(item.get("subtasks"), place):
        inner = f"{prefix}{number}.{text(subtask.get('id'), place)}"
        made = _task(subtask, inner, prefix, tags, parent=place)
        # A subtask names its siblings by their own number alone.
        made.needs = [(_full(key, prefix, number), kind) for key, kind in made.needs]
        yield made


def _full(key: str, prefix: str, number: str) -> str:
    bare = key.removeprefix(prefix)
    return key if "." in bare else f"{prefix}{number}.{bare}"


def _task(item: dict[str, Any], key: str, prefix: str, tags: list[str], parent: str | None) -> DraftTask:
    status = text(item.get("status"), key) or "pending"
    updated = stamped(item.get("updatedAt"))
    details = text(item.get("details"), key)
    strategy = text(item.get("testStrategy"), key)
    return DraftTask(
        key=key,
        title=text(item.get("title"), key),
        status=_STATUSES.get(status, "todo"),
        description="\n\n".join(part for part in (text(item.get("description"), key), details) if part),
        priority=_PRIORITIES.get(text(item.get("priority"), key), 5),
        acceptance=[(line.strip(), status == "done") for line in strategy.splitlines() if line.strip()],
        tags=[*tags, *([status] if status in ("cancelled", "deferred", "blocked") else [])],
        needs=[(f"{prefix}{other}", "blocks") for other in texts(item.get("dependencies"), key)],
        parent=parent,
        created_at=stamped(item.get("createdAt")),
        updated_at=updated,
        notes=_notes(item, key, updated),
    )


def _notes(item: dict[str, Any], key: str, at: str | None) -> list[DraftNote]:
    found = text(item.get("implementationNotes"), key)
    return [DraftNote(found, "Implementation notes", "progress", created_at=at)] if found else []


def _objects(value: object, place: str) -> list[dict[str, Any]]:
    items = value or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Invalid(f"{place}: its tasks are no list of objects.", hint="Mend the file.")
    return items
