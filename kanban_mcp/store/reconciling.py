"""The log held against the tables. The tables are what is so; where the log tells otherwise, it is told what is."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from kanban_mcp.models.change import Entity
from kanban_mcp.models.finding import Finding
from kanban_mcp.store.changes import ChangeStore
from kanban_mcp.store.checks import SHOWN
from kanban_mcp.store.database import Database
from kanban_mcp.store.replay import State, stored, told

Key: TypeAlias = tuple[Entity, int, int]
"""An entity and its id; of a link also the task it depends on, otherwise 0."""
_ORDER: tuple[Entity, ...] = ("board", "tag", "task", "note", "dependency")


class Difference(NamedTuple):
    """How a thing is told and how it is stored, in the fields where the two differ; None where there is no such."""

    key: Key
    told: dict[str, Any] | None
    stored: dict[str, Any] | None

    def __str__(self) -> str:
        entity, number, other = self.key
        name = f"The link from task {number} to task {other}" if other else f"{entity.capitalize()} {number}"
        if self.stored is None:
            return f"{name} is in the log but not in the tables."
        if self.told is None:
            return f"{name} is in the tables but not in the log."
        return f"{name}: the log tells another {', '.join(sorted(self.stored))} than the tables have."


class Reconciling:
    """Finds what the log does not tell, and tells it. In the transaction of this thread."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._changes = ChangeStore(database)

    def found(self) -> list[Finding]:
        """A finding a difference, the first of them each by itself."""
        said = [str(difference) for difference in self.differences()]
        if len(said) > SHOWN:
            said[SHOWN:] = [f"{len(said) - SHOWN} more of the kind: {said[-1]}"]
        return [Finding(check="log", message=one, mend="logs what the tables hold") for one in said]

    @property
    def whole(self) -> bool:
        """Whether the log reaches back to the beginning; trimmed, it cannot be held against the tables."""
        return self._changes.last() <= 0 or self._changes.moment(1) is not None

    def differences(self) -> list[Difference]:
        """What differs, in the order in which it can be told."""
        if not self.whole:
            return []
        log, tables = told(self._db), stored(self._db)
        left, right = dict(_things(log)), dict(_things(tables))
        keys: Iterable[Key] = left.keys() | right.keys()
        if imported := self._imported():
            keys = _without(imported, keys, (tables, log), (left, right))
        different = [_difference(key, left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)]
        return sorted(different, key=lambda one: (one.stored is not None, _ORDER.index(one.key[0]), one.key))

    def log(self) -> None:
        """Log what the log does not tell."""
        different = self.differences()
        boards = {row[0]: row[1] for row in self._db.tuples("log.boards", "select id, board_id from tasks")}
        names = {row[0]: row[1] for row in self._db.tuples("log.tags", "select id, name from tags")}
        for (entity, number, other), before, after in different:
            task = number if entity in ("task", "dependency") else None
            if entity == "note":
                task = (after or before or {}).get("task_id") or self._task_of(number)
            board = number if entity == "board" else boards.get(task or 0)
            for side in (before, after):
                if side is not None and entity == "tag" and "parent" in side:
                    side["parent"] = names.get(side["parent"])
            self._changes.record(
                "created" if before is None else "deleted" if after is None else "updated",
                entity,
                number,
                board_id=board,
                task_id=task,
                before=before,
                after=None if after is None else {**after, **({"depends_on": other} if other else {})},
            )
        # Counts were mended too, which nothing logs. A gap makes every server forget what it has in its cache.
        self._db.run("log.gap", "update sqlite_sequence set seq = seq + 1 where name = 'changes'")

    def _task_of(self, note_id: int) -> int | None:
        found: int | None = self._db.value("log.note", "select task_id from notes where id = :id", id=note_id)
        return found

    def _imported(self) -> set[int]:
        rows = self._db.tuples("log.imported", "select entity_id from changes where action = 'imported'")
        return {row[0] for row in rows}


def _things(state: State) -> Iterator[tuple[Key, dict[str, Any]]]:
    for board_id, board in state.boards.items():
        yield ("board", board_id, 0), {**board, "columns": _columns(state.columns.get(board_id, []))}
    for task_id, task in state.tasks.items():
        yield ("task", task_id, 0), {**task, "tags": sorted(state.tagged.get(task_id, ()))}
    yield from ((("note", note_id, 0), note) for note_id, note in state.notes.items())
    yield from ((("tag", tag_id, 0), tag) for tag_id, tag in state.tags.items())
    yield from ((("dependency", *ends), {"kind": kind}) for ends, kind in state.links.items())


def _columns(columns: Iterable[tuple[str, str, str, int | None]]) -> list[dict[str, Any]]:
    names = ("status", "name", "category", "wip_limit")
    return [{name: value for name, value in zip(names, column, strict=True) if value} for column in columns]


def _without(
    imported: set[int], keys: Iterable[Key], states: Sequence[State], things: Sequence[dict[Key, dict[str, Any]]]
) -> list[Key]:
    """The keys without those of imported boards, and of tags: of them the log may have no beginning."""
    boards: dict[int, int] = {}
    for state in states:
        for task_id, task in state.tasks.items():
            boards.setdefault(task_id, task.get("board_id", 0))
    notes = {note_id: note.get("task_id", 0) for state in states for note_id, note in state.notes.items()}
    for fields in (fields for side in things for fields in side.values()):
        fields.pop("tags", None)
        fields.pop("parent_id", None)

    def begun(key: Key) -> bool:
        entity, number, other = key
        if entity in ("board", "tag"):
            return entity == "board" and number not in imported
        tasks = [notes[number]] if entity == "note" else [number, other or number]
        return all(boards.get(task, 0) not in {0, *imported} for task in tasks)

    return [key for key in keys if begun(key)]


def _difference(key: Key, left: dict[str, Any] | None, right: dict[str, Any] | None) -> Difference:
    if left is None or right is None:
        return Difference(key, left, right)
    fields = [name for name in left.keys() | right.keys() if left.get(name) != right.get(name)]
    return Difference(key, {name: left.get(name) for name in fields}, {name: right.get(name) for name in fields})
