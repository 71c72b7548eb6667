"""Bringing back, with the same ids, what the log remembers of deleted things."""

from typing import Any

from kanban_mcp.errors import Conflict, NotFound
from kanban_mcp.models.note import Note
from kanban_mcp.models.tag import Tag
from kanban_mcp.models.task import Task
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.dependencies import Dependencies
from kanban_mcp.services.notes import Notes
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store

AROUND = ("tags", "notes", "depends_on", "dependents", "subtasks")
"""What a deleted task's log entry has beside its own fields."""


class Restoring:
    """Writes rows back as they were, under the rules that hold now."""

    def __init__(
        self,
        store: Store,
        boards: Boards,
        tags: Tags,
        notes: Notes,
        dependencies: Dependencies,
        blocking: Blocking,
        writing: Writing,
    ) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags
        self._notes = notes
        self._dependencies = dependencies
        self._blocking = blocking
        self._writing = writing

    def task(self, kept: dict[str, Any]) -> None:
        """A deleted task with its notes, tags, links and subtasks, as far as those still exist."""
        fields = {key: value for key, value in kept.items() if key not in AROUND}
        task = Task(**{**fields, "claimed_by": None, "lease_expires_at": None, "blocked_by": 0})
        self._boards.resolve(task.board_id, writing=True)
        column = self._boards.column(task.board_id, task.status)
        if task.archived_at is None:
            self._boards.check_room(column)
        parent_id = task.parent_id if task.parent_id and self._store.tasks.get(task.parent_id) else None
        position = self._store.tasks.end_of(task.board_id, task.status)
        restored = task.model_copy(update={"parent_id": parent_id, "position": position, "version": task.version + 1})
        self._store.tasks.restore(restored)
        self._store.changes.record(
            "created", "task", task.id, board_id=task.board_id, task_id=task.id, after=self._logged(restored, kept)
        )
        self._tags.replace(task.id, kept.get("tags", []))
        if restored.open and parent_id is not None:
            self._blocking.add(parent_id, 1)
        self.around(restored.id, kept)

    def around(self, task_id: int, kept: dict[str, Any]) -> None:
        """What a deleted task took along, now that it is there again: subtasks, links and notes."""
        for child_id in kept.get("subtasks", []):
            child = self._store.tasks.get(child_id)
            if child is not None and child.parent_id is None:
                self._blocking.check_acyclic(task_id, child_id)
                self._writing.save("updated", child, {"parent_id": task_id}, None)
                if child.open:
                    self._blocking.add(task_id, 1)
        for other, kind in kept.get("depends_on", []):
            if self._store.tasks.get(other) is not None:
                self.link(task_id, other, kind)
        for other, kind in kept.get("dependents", []):
            if self._store.tasks.get(other) is not None:
                self.link(other, task_id, kind)
        for note in kept.get("notes", []):
            self.note(note)

    def _logged(self, task: Task, kept: dict[str, Any]) -> dict[str, Any]:
        logged = {**task.lean(), "position": task.position}
        return {**logged, "tags": kept["tags"]} if kept.get("tags") else logged

    def link(self, task_id: int, depends_on: int, kind: str | None) -> None:
        """Make the link between two tasks what it was; None for no link."""
        if kind is None:
            self._dependencies.unlink_tasks(task_id, depends_on)
        else:
            self._dependencies.link_tasks(task_id, depends_on, "blocks" if kind == "blocks" else "relates")

    def note(self, kept: dict[str, Any]) -> None:
        """A deleted note."""
        note = Note(**kept)
        task = self._writing.writable(note.task_id, archived=True)
        self._store.notes.restore(note)
        self._notes.log("created", task, note.id, None, note.lean())

    def note_fields(self, note_id: int, before: dict[str, Any] | None) -> None:
        """A note's fields as they were; None for a note that was not there."""
        note = self._notes.get(note_id)
        if before is None:
            self._notes.remove(note)
        else:
            fields = {field: value for field, value in before.items() if field != "updated_at"}
            self._notes.change(note, fields)

    def tag(self, kept: dict[str, Any]) -> None:
        """A deleted tag, on the tasks that carried it and still exist."""
        fields = {key: value for key, value in kept.items() if key != "task_ids"}
        tag = Tag(**fields)
        if self._store.tags.named(tag.name) is not None:
            raise Conflict(f"There is a tag {tag.name!r} again.", hint="Rename or delete that one first.")
        above = self._store.tags.named(tag.parent) if tag.parent else None
        self._store.tags.restore(tag.id, tag.name, parent_id=above.id if above else None, color=tag.color)
        self._store.changes.record("created", "tag", tag.id, after=fields)
        for task_id in kept.get("task_ids", []):
            if self._store.tasks.get(task_id) is not None:
                self._tags.tag_task(task_id, [tag.name])

    def tag_fields(self, tag_id: int, before: dict[str, Any] | None) -> None:
        """A tag's fields as they were; None for a tag that was not there."""
        tag = self._store.tags.get(tag_id)
        if tag is None:
            raise NotFound(f"There is no tag {tag_id}.", hint="list_tags shows the tags.")
        if before is None:
            self._tags.delete_tag(tag.name, confirm=True)
        else:
            parent = before["parent"] or "" if "parent" in before else None
            color = before["color"] or "" if "color" in before else None
            self._tags.update_tag(tag.name, name=before.get("name"), parent=parent, color=color)
