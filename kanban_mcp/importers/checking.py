"""Checks a board's records against each other before any is written, and counts what follows from them."""

from array import array
from collections import Counter, defaultdict
from itertools import chain

from kanban_mcp.errors import Invalid
from kanban_mcp.importers.source import Placed
from kanban_mcp.models.exchange import (
    ORDER,
    BoardRecord,
    ChangeRecord,
    NoteRecord,
    TagRecord,
    TaskRecord,
)

MOST_TASKS = 1_000_000
_RANK = {kind: rank for rank, kind in enumerate(ORDER)}
ENTITIES = {"board": "boards", "task": "tasks", "dependency": "tasks", "note": "notes", "tag": "tags"}
"""Which table's ids the entities of the log have."""


class Checker:
    """Takes the records in turn. What it keeps grows with the number of tasks, not with what is in them."""

    def __init__(self) -> None:
        self.board: BoardRecord | None = None
        self.tags: dict[str, TagRecord] = {}
        self.places: dict[int, str] = {}
        self.blocked_by: Counter[int] = Counter()
        self.counts: Counter[str] = Counter()
        self.lowest: dict[str, int] = {}
        self._open: set[int] = set()
        self._categories: dict[str, str] = {}
        self._taken: set[str] = set()
        self._notes: set[int] = set()
        self._parents: dict[int, int] = {}
        self._waiting, self._needed = array("q"), array("q")
        self._related, self._related_to = array("q"), array("q")
        self._rank = -1

    def take(self, placed: Placed) -> None:
        """The next record. Raises Invalid."""
        place, record = placed
        rank = _RANK[type(record)]
        # Header and board come once and first; of the others there are any number.
        if rank != self._rank + 1 if self._rank < 1 else rank < max(self._rank, 2):
            raise _invalid(place, f"a record of {_PLURALS[rank]} does not stand here", f"the order is {_ORDER_SAID}")
        self._rank = rank
        self.counts[_PLURALS[rank]] += 1
        if isinstance(record, TaskRecord):
            self._task(place, record)
        elif isinstance(record, NoteRecord):
            self._note(place, record)
        elif isinstance(record, ChangeRecord):
            self._change(place, record)
        elif isinstance(record, TagRecord):
            self._tag(place, record)
        elif isinstance(record, BoardRecord):
            self._board(place, record)

    def finish(self) -> None:
        """The end of the file. Raises Invalid for what only shows when all is known."""
        if self.board is None:
            raise Invalid("The file ends before its board.", hint="Export it once more.")
        self._check_tags()
        for task_id, parent_id in self._parents.items():
            self._need(task_id, parent_id)
        for task_id, other in chain(zip(self._waiting, self._needed), zip(self._related, self._related_to)):  # noqa: B905
            self._need(task_id, other)
        self._count_blockers()
        self._check_acyclic()

    def _board(self, place: str, board: BoardRecord) -> None:
        self.board = board
        self._categories = {column.status: column.category for column in board.columns}
        if len(self._categories) < len(board.columns):
            raise _invalid(place, "two columns have the same status")
        if not {"todo", "done"} <= set(self._categories.values()):
            raise _invalid(place, "a board has a column of category 'todo' and one of category 'done'")
        self._low("boards", board.id)

    def _tag(self, place: str, tag: TagRecord) -> None:
        if self.tags.setdefault(folded(tag.name), tag) is not tag:
            raise _invalid(place, f"there is already a tag {tag.name!r}")
        if tag.id in {other.id for other in self.tags.values() if other is not tag}:
            raise _invalid(place, f"there is already a tag with the id {tag.id}")
        self._low("tags", tag.id)

    def _task(self, place: str, task: TaskRecord) -> None:
        if task.id in self.places or len(self.places) >= MOST_TASKS:
            raise _invalid(place, f"there is already a task {task.id}, or there are more than {MOST_TASKS}")
        self.places[task.id] = place
        category = self._categories.get(task.status)
        if category is None:
            raise _invalid(place, f"the board has no column {task.status!r}")
        if (category == "done") != (task.completed_at is not None):
            raise _invalid(place, "a task has completed_at where its column means done, and there alone")
        if (task.claimed_by is None) != (task.lease_expires_at is None):
            raise _invalid(place, "claimed_by and lease_expires_at go together")
        self._check_place(place, task)
        if task.completed_at is None and task.archived_at is None:
            self._open.add(task.id)
        if task.parent_id is not None:
            self._parents[task.id] = task.parent_id
        self._low("tasks", task.id)
        self._task_tags(place, task)
        self._links(place, task)

    def _check_place(self, place: str, task: TaskRecord) -> None:
        if task.archived_at is None:
            key = f"{task.status} {task.position}"
            if key in self._taken:
                raise _invalid(place, f"another task has the position {task.position} of the column {task.status!r}")
            self._taken.add(key)

    def _task_tags(self, place: str, task: TaskRecord) -> None:
        if not task.tags:
            return
        keys = [folded(name) for name in task.tags]
        unknown = [name for name, key in zip(task.tags, keys, strict=True) if key not in self.tags]
        if unknown or len(set(keys)) < len(keys):
            raise _invalid(place, f"its tags are not all in the file, or twice: {', '.join(unknown or task.tags)}")

    def _links(self, place: str, task: TaskRecord) -> None:
        others = [other for other, _ in task.depends_on]
        if task.id in others or len(set(others)) < len(others) or task.parent_id == task.id:
            raise _invalid(place, "a task is linked to itself, or twice to the same")
        self.counts["links"] += len(others)
        for other, kind in task.depends_on:
            waiting, needed = (self._waiting, self._needed) if kind == "blocks" else (self._related, self._related_to)
            waiting.append(task.id)
            needed.append(other)

    def _note(self, place: str, note: NoteRecord) -> None:
        if note.task_id not in self.places:
            raise _invalid(place, f"there is no task {note.task_id} in the file")
        if note.id in self._notes:
            raise _invalid(place, f"there is already a note {note.id}")
        self._notes.add(note.id)
        self._low("notes", note.id)

    def _change(self, place: str, change: ChangeRecord) -> None:
        assert self.board is not None
        if change.entity == "board" and change.entity_id != self.board.id:
            raise _invalid(place, "it is of another board")
        self._low(ENTITIES[change.entity], change.entity_id)
        if change.task_id is not None:
            self._low("tasks", change.task_id)

    def _low(self, table: str, number: int) -> None:
        low = self.lowest.get(table)
        if low is None or number < low:
            self.lowest[table] = number

    def _need(self, task_id: int, other: int) -> None:
        if other not in self.places:
            raise _invalid(self.places[task_id], f"it refers to task {other}, which is not in the file")

    def _check_tags(self) -> None:
        for tag in self.tags.values():
            seen = {folded(tag.name)}
            parent = tag.parent
            while parent is not None:
                above = self.tags.get(folded(parent))
                if above is None or folded(parent) in seen:
                    raise Invalid(
                        f"tag {tag.name!r}: the tags above it are not all in the file, or it is above itself.",
                        hint="Nothing was imported; mend the file.",
                    )
                seen.add(folded(parent))
                parent = above.parent

    def _count_blockers(self) -> None:
        for waiting, needed in zip(self._waiting, self._needed, strict=True):
            if needed in self._open:
                self.blocked_by[waiting] += 1
        for task_id, parent_id in self._parents.items():
            if task_id in self._open:
                self.blocked_by[parent_id] += 1

    def _check_acyclic(self) -> None:
        """Take away what waits for nothing until nothing is left; what cannot be taken goes round in a circle."""
        left: Counter[int] = Counter()
        waiting_for: defaultdict[int, list[int]] = defaultdict(list)
        children = ((parent_id, task_id) for task_id, parent_id in self._parents.items())
        for waiting, needed in chain(zip(self._waiting, self._needed, strict=True), children):
            left[waiting] += 1
            waiting_for[needed].append(waiting)
        free = [task_id for task_id in waiting_for if not left[task_id]]
        while free:
            for waiting in waiting_for.pop(free.pop(), ()):
                left[waiting] -= 1
                if not left[waiting]:
                    free.append(waiting)
        circle = sorted(task_id for task_id, count in left.items() if count)
        if circle:
            raise _invalid(
                self.places[circle[0]], f"tasks wait for each other in a circle: {', '.join(map(str, circle[:10]))}"
            )


def folded(name: str) -> str:
    """The same for names that differ only in the case of ASCII letters, as the database compares them."""
    return name.encode().lower().decode()


def _invalid(place: str, what: str, more: str = "nothing was imported; mend the file") -> Invalid:
    return Invalid(f"{place}: {what}.", hint=f"{more[0].upper()}{more[1:]}.")


_PLURALS = ("headers", "boards", "tags", "tasks", "notes", "changes")
_ORDER_SAID = "header, board, tags, tasks, notes, changes"
