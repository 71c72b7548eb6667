"""Random work on a board: every writing operation, with arguments that mostly make sense and sometimes do not."""

from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

Arguments: TypeAlias = dict[str, Any]
STATUSES = ("backlog", "todo", "in_progress", "review", "done")
EXPECTED = {"not_found", "conflict", "wip_limit", "would_cycle", "held", "invalid", "stale_version"}
"""Codes with which such calls may be refused."""
TAGS = ("red", "green", "blue", "Light red", "deep")


class Workload:
    """Draws calls. It guesses ids up to the highest it was told of, and one beyond."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.tasks = self.notes = self.seq = 1
        self._kinds: dict[str, tuple[int, Callable[[], Arguments]]] = {
            "create_task": (14, self._create_task),
            "create_tasks": (3, self._create_tasks),
            "update_task": (10, self._update_task),
            "move_task": (10, self._move_task),
            "claim_next": (10, self._claim_next),
            "complete_task": (7, self._task),
            "release_task": (4, self._release_task),
            "add_note": (6, self._add_note),
            "update_note": (3, lambda: {"note_id": self._note(), "content": self._words(), "pinned": self._maybe()}),
            "delete_note": (2, lambda: {"note_id": self._note(), "confirm": True}),
            "link_tasks": (8, self._link),
            "unlink_tasks": (4, lambda: {"task_id": self._id(), "depends_on": self._id()}),
            "archive_task": (5, lambda: {"task_id": self._id(), "archived": self._maybe()}),
            "delete_task": (3, lambda: {"task_id": self._id(), "confirm": True}),
            "tag_task": (4, lambda: {"task_id": self._id(), "tags": self._tags()}),
            "untag_task": (2, lambda: {"task_id": self._id(), "tags": self._tags()}),
            "create_tag": (2, lambda: {"tag": self._tag(), "parent": self._tag(), "color": "#aa0000"}),
            "update_tag": (2, lambda: {"tag": self._tag(), "name": self._tag(), "parent": self._tag()}),
            "delete_tag": (1, lambda: {"tag": self._tag(), "confirm": True}),
            "set_columns": (2, self._set_columns),
            "update_board": (1, lambda: {"description": self._words()}),
            "archive_board": (4, lambda: {"board": 1, "archived": self.chance.random() < 0.1}),
            "undo": (10, self._undo),
            "run_batch": (3, self._run_batch),
        }

    def call(self) -> tuple[str, Arguments]:
        """An operation and its arguments."""
        names = list(self._kinds)
        weights = [weight for weight, _ in self._kinds.values()]
        (name,) = self.chance.choices(names, weights)
        return name, self._kinds[name][1]()

    def learn(self, operation: str, result: dict[str, Any]) -> None:
        """Take note of ids in a result, and that the log has grown."""
        self.seq += 1
        if operation == "create_task":
            self.tasks = max(self.tasks, result["id"])
        elif operation == "create_tasks":
            self.tasks = max(self.tasks, result["rows"][-1][0])
        elif operation == "add_note":
            self.notes = max(self.notes, result["id"])
        elif operation == "undo":
            self.seq = max(self.seq, result["until"])

    def _id(self) -> int:
        """Mostly one of the newest: old ones pile up in done."""
        low = 1 if self._maybe() else max(1, self.tasks - 8)
        return self.chance.randint(low, self.tasks + 1)

    def _note(self) -> int:
        return self.chance.randint(max(1, self.notes - 5), self.notes + 1)

    def _maybe(self) -> bool:
        return self.chance.random() < 0.5

    def _words(self) -> str:
        return " ".join(self.chance.choices(("fix", "the", "pump", "well", "north", "Grüße", "🚢"), k=4))

    def _tag(self) -> str:
        return self.chance.choice(TAGS)

    def _tags(self) -> list[str]:
        return self.chance.sample(TAGS, self.chance.randint(1, 3))

    def _status(self) -> str:
        return self.chance.choice(STATUSES)

    def _task(self) -> Arguments:
        return {"task_id": self._id()} | ({"note": self._words()} if self._maybe() else {})

    def _create_task(self) -> Arguments:
        chances: list[tuple[float, str, Callable[[], Any]]] = [
            (0.3, "status", self._status),
            (0.3, "tags", self._tags),
            (0.3, "depends_on", lambda: [self._id()]),
            (0.2, "parent_id", self._id),
            (0.5, "priority", lambda: self.chance.randint(0, 10)),
            (0.2, "acceptance", lambda: [self._words()]),
            (0.2, "due_at", lambda: "2026-12-31"),
            (0.1, "assignee", lambda: self.chance.choice(("ann", "bob"))),
        ]
        return {"title": self._words()} | {name: make() for odds, name, make in chances if self.chance.random() < odds}

    def _create_tasks(self) -> Arguments:
        first, second = self._create_task(), self._create_task()
        return {"tasks": [first, {**second, "depends_on": ["$0"]}, {"title": "third", "parent_id": "$0"}]}

    def _update_task(self) -> Arguments:
        chances: list[tuple[str, Callable[[], Any]]] = [
            ("title", self._words),
            ("description", self._words),
            ("priority", lambda: self.chance.randint(0, 10)),
            ("assignee", lambda: self.chance.choice(("ann", "bob", ""))),
            ("tags", self._tags),
            ("parent_id", lambda: self.chance.choice((0, self._id()))),
            ("acceptance", lambda: ["[x] " + self._words()]),
            ("due_at", lambda: self.chance.choice(("", "2027-01-01"))),
        ]
        return {"task_id": self._id()} | {name: make() for name, make in self.chance.sample(chances, 2)}

    def _move_task(self) -> Arguments:
        place = self.chance.choice(("status", "status", "before", "after"))
        return {"task_id": self._id(), place: self._status() if place == "status" else self._id()}

    def _claim_next(self) -> Arguments:
        return {"task_id": self._id()} if self.chance.random() < 0.3 else {}

    def _release_task(self) -> Arguments:
        return self._task()

    def _add_note(self) -> Arguments:
        return {"task_id": self._id(), "content": self._words(), "pinned": self._maybe()}

    def _link(self) -> Arguments:
        kind = "blocks" if self.chance.random() < 0.8 else "relates"
        return {"task_id": self._id(), "depends_on": self._id(), "kind": kind}

    def _set_columns(self) -> Arguments:
        limit = self.chance.choice((None, 30, 60))
        middle = ["in_progress", "review"] if self._maybe() else ["review", "in_progress"]
        columns: list[Arguments] = [{"status": status, "category": "todo"} for status in ("backlog", "todo")]
        columns += [{"status": status, "category": "active", "wip_limit": limit} for status in middle]
        return {"columns": [*columns, {"status": "done", "category": "done", "name": self._words()}]}

    def _undo(self) -> Arguments:
        if self.chance.random() < 0.3:
            return {"since": max(0, self.seq - self.chance.randint(1, 6))}
        return {"seq": max(1, self.seq - self.chance.randint(0, 25))}

    def _run_batch(self) -> Arguments:
        calls = [
            {"operation": "create_task", "arguments": {"title": self._words()}},
            {"operation": "add_note", "arguments": {"task_id": "$0.id", "content": self._words()}},
            {"operation": "link_tasks", "arguments": {"task_id": "$0.id", "depends_on": self._id()}},
        ]
        return {"calls": calls, "dry_run": self.chance.random() < 0.3}
