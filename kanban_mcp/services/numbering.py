"""New ids for what is imported: its own where they are free, else new ones in the same order."""

from collections.abc import Iterable, Mapping
from typing import Any


class Numbers:
    """The ids of one table. They are free when all are above every id the table has ever had."""

    def __init__(self, last: int, lowest: int, ids: Iterable[int] = ()) -> None:
        self.kept = lowest > last
        self.last = last
        self._new: dict[int, int] = {}
        if not self.kept:
            for number in ids:
                self.of(number)

    def of(self, number: int) -> int:
        """The id that something of the file has from now on; the same whenever it is asked for."""
        if self.kept:
            self.last = max(self.last, number)
            return number
        if (new := self._new.get(number)) is None:
            self.last = new = self._new[number] = self.last + 1
        return new


class Renumbering:
    """The ids inside of what the log tells, made to fit. Which fields hold ids depends on what the entry is of."""

    def __init__(self, boards: Numbers, tasks: Numbers, notes: Numbers, tags: Numbers) -> None:
        self.boards, self.tasks, self.notes, self.tags = boards, tasks, notes, tags
        self.of_entity = {"board": boards, "task": tasks, "dependency": tasks, "note": notes, "tag": tags}

    @property
    def kept(self) -> bool:
        """Whether everything keeps its id."""
        return self.boards.kept and self.tasks.kept and self.notes.kept

    def inside(self, entity: str, fields: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """`before` or `after` of an entry with the new ids."""
        if not fields or self.kept:
            return fields
        return {name: self._value(entity, name, value) for name, value in fields.items()}

    def _value(self, entity: str, name: str, value: Any) -> Any:
        if name == "id" and isinstance(value, int):
            return self.of_entity[entity].of(value)
        if name == "board_id" and isinstance(value, int):
            return self.boards.of(value)
        if name in ("parent_id", "task_id") and isinstance(value, int):
            return self.tasks.of(value)
        if name in ("depends_on", "dependents", "subtasks"):
            return self._others(value)
        if name == "notes" and isinstance(value, list):
            return [self.inside("note", note) if isinstance(note, dict) else note for note in value]
        return value

    def _others(self, value: Any) -> Any:
        """A task's id, a list of them, or a list of pairs of an id and a kind."""
        if isinstance(value, list):
            return [self._others(item) for item in value]
        return self.tasks.of(value) if isinstance(value, int) else value
