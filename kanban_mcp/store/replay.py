"""The state that the change log tells, rebuilt entry by entry in the form of the tables, to hold the two together."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kanban_mcp.models.task import Task
from kanban_mcp.store.database import Database

UNTOLD = {"blocked_by", "lease_expires_at", "updated_at"}
"""What follows from other fields, or moves on with every write."""
_AROUND = {"tags", "notes", "depends_on", "dependents", "subtasks"}
_FRESH = {
    name: info.get_default()
    for name, info in Task.model_fields.items()
    if not info.is_required() and name not in UNTOLD
} | {"acceptance": []}
"""What the entry of a creation leaves out."""


@dataclass
class State:
    """Everything but search and idempotency keys. Tags are on tasks by name, whose letter case does not count."""

    boards: dict[int, dict[str, Any]] = field(default_factory=dict)
    columns: dict[int, list[tuple[str, str, str, int | None]]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)
    tags: dict[int, dict[str, Any]] = field(default_factory=dict)
    tagged: dict[int, frozenset[str]] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)


class Replay:
    """Applies entries to a state."""

    def __init__(self) -> None:
        self.state = State()

    def apply(self, change: dict[str, Any]) -> None:
        """What one entry of the log tells."""
        before, after = change["before"], change["after"]
        getattr(self, f"_{change['entity']}")(change["entity_id"], before, after)

    def _board(self, board_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        state = self.state
        if after is None:
            for task_id in [task_id for task_id, task in state.tasks.items() if task.get("board_id") == board_id]:
                self._remove_task(task_id)
            state.boards.pop(board_id, None)
            state.columns.pop(board_id, None)
            return
        fields = state.boards.get(board_id, {"archived_at": None, "description": ""})
        state.boards[board_id] = fields | {
            key: value for key, value in after.items() if key not in UNTOLD | {"columns"}
        }
        if "columns" in after:
            state.columns[board_id] = [
                (column["status"], column["name"], column["category"], column.get("wip_limit"))
                for column in after["columns"]
            ]

    def _task(self, task_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        state = self.state
        if after is None:
            self._remove_task(task_id)
            return
        if before is None:
            state.links |= {(task_id, needed): "blocks" for needed in after.get("depends_on", [])}
        if "tags" in after:
            self._carry(task_id, {name.lower() for name in after["tags"]})
        told = {key: value for key, value in after.items() if key not in UNTOLD | _AROUND}
        state.tasks[task_id] = {**(state.tasks.get(task_id) or _FRESH), **told}

    def _remove_task(self, task_id: int) -> None:
        state = self.state
        state.tasks.pop(task_id, None)
        for task in state.tasks.values():
            if task.get("parent_id") == task_id:
                task["parent_id"] = None
        state.notes = {note_id: note for note_id, note in state.notes.items() if note["task_id"] != task_id}
        state.links = {ends: kind for ends, kind in state.links.items() if task_id not in ends}
        state.tagged.pop(task_id, None)

    def _carry(self, task_id: int, names: Iterable[str]) -> None:
        """The tags of a task; without any it is not among those that have some."""
        self.state.tagged[task_id] = frozenset(names)
        if not self.state.tagged[task_id]:
            del self.state.tagged[task_id]

    def _note(self, note_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        if after is None:
            self.state.notes.pop(note_id, None)
        else:
            fields = self.state.notes.get(note_id, {"title": "", "pinned": False})
            self.state.notes[note_id] = {**fields, **after}

    def _tag(self, tag_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        state = self.state
        if after is None:
            gone = state.tags.pop(tag_id, {"name": ""})["name"].lower()
            for task_id, names in list(state.tagged.items()):
                self._carry(task_id, names - {gone})
            for tag in state.tags.values():
                if tag["parent"] == tag_id:
                    tag["parent"] = None
            return
        fields: dict[str, Any] = state.tags.get(tag_id, {"name": "", "parent": None, "color": ""})
        told = {key: value for key, value in after.items() if key not in ("parent", "tasks")}
        if "parent" in after:
            told["parent"] = self._tag_named(after["parent"])
        if "name" in after and before is not None:
            old, new = fields["name"].lower(), after["name"].lower()
            for task_id, names in state.tagged.items():
                state.tagged[task_id] = frozenset(new if name == old else name for name in names)
        state.tags[tag_id] = {**fields, **told, "color": told.get("color", fields["color"]) or ""}

    def _tag_named(self, name: str | None) -> int | None:
        return next((tag_id for tag_id, tag in self.state.tags.items() if tag["name"] == name), None)

    def _dependency(self, task_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        ends = (task_id, (after or before or {})["depends_on"])
        if after is None:
            self.state.links.pop(ends, None)
        else:
            self.state.links[ends] = after["kind"]


def told(database: Database) -> State:
    """The state that the log tells, in the transaction of this thread."""
    replay = Replay()
    for change in database.all("replay.changes", "select * from changes order by seq"):
        sides = {side: json.loads(change[side]) if change[side] else None for side in ("before", "after")}
        replay.apply({**dict(change), **sides})
    return replay.state


def stored(database: Database) -> State:
    """The state in the tables, in the transaction of this thread."""
    tagged = database.tuples(
        "replay.tagged",
        """
        select x.task_id, json_group_array(lower(g.name)) from task_tags x join tags g on g.id = x.tag_id
        group by x.task_id
        """,
    )
    links = database.all("replay.links", "select task_id, depends_on, kind from dependencies")
    boards = "select id, name, description, version, created_at, archived_at from boards"
    return State(
        boards=_by_id(database, "replay.boards", boards),
        columns=_columns(database),
        tasks={key: _task(row) for key, row in _by_id(database, "replay.tasks", "select * from tasks").items()},
        notes={key: _note(row) for key, row in _by_id(database, "replay.notes", "select * from notes").items()},
        tags=_by_id(database, "replay.tags", "select id, name, parent_id as parent, color from tags"),
        tagged={task_id: frozenset(json.loads(names)) for task_id, names in tagged},
        links={(row[0], row[1]): row[2] for row in links},
    )


def _by_id(database: Database, name: str, sql: str) -> dict[int, dict[str, Any]]:
    return {row["id"]: dict(row) for row in database.all(name, sql)}


def _columns(database: Database) -> dict[int, list[tuple[str, str, str, int | None]]]:
    columns: dict[int, list[tuple[str, str, str, int | None]]] = {}
    sql = "select board_id, status, name, category, wip_limit from columns order by board_id, position"
    for board_id, *column in database.all("replay.columns", sql):
        columns.setdefault(board_id, []).append((column[0], column[1], column[2], column[3]))
    return columns


def _task(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in UNTOLD}
    return {**kept, "acceptance": json.loads(row["acceptance"])}


def _note(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "pinned": bool(row["pinned"])}
