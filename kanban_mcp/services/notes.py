"""Notes: what was found out, decided, or is left for the next one."""

from typing import Any

from kanban_mcp.errors import NotFound
from kanban_mcp.models.change import Deleted
from kanban_mcp.models.fields import Content, Cursor, Description, Id, Lease, Limit, NoteCategory
from kanban_mcp.models.note import Note
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.record import diff
from kanban_mcp.models.task import Task
from kanban_mcp.services.boards import bad_cursor, require_confirmation
from kanban_mcp.services.holding import Holding
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store

COLUMNS = ("id", "category", "title", "content", "author", "created_at", "pinned")


class Notes:
    """Operations on notes."""

    def __init__(self, store: Store, writing: Writing, holding: Holding) -> None:
        self._store = store
        self._writing = writing
        self._holding = holding

    def add_note(
        self,
        task_id: Id,
        content: Content,
        category: NoteCategory = "general",
        title: Description = "",
        pinned: bool = False,
        lease: Lease | None = None,
    ) -> Note:
        """Add a note to a task: progress, a decision, a question. Anyone may; the holder's lease is renewed."""
        task = self._writing.writable(task_id)
        self._holding.check_lease(task, lease)
        self._holding.renew(task, lease)
        return self.write(task, content, category=category, title=title, pinned=pinned)

    def list_notes(
        self,
        task_id: Id,
        category: NoteCategory | None = None,
        limit: Limit = 20,
        cursor: Cursor | None = None,
    ) -> Page:
        """List a task's notes in full, pinned ones first, then newest first."""
        self._writing.get(task_id)
        found = self._store.notes.page(task_id, category=category, below=_place(cursor), count=limit + 1)
        total = self._store.notes.count(task_id) if category is None else None
        return page(
            COLUMNS,
            found,
            lambda note: [getattr(note, column) for column in COLUMNS],
            limit=limit,
            cursor=lambda note: f"{int(note.pinned)}.{note.id}",
            total=total,
        )

    def update_note(
        self,
        note_id: Id,
        content: Content | None = None,
        category: NoteCategory | None = None,
        title: Description | None = None,
        pinned: bool | None = None,
    ) -> Note:
        """Change a note; only the fields given change."""
        before = self.get(note_id)
        wanted = {"content": content, "category": category, "title": title, "pinned": pinned}
        return self.change(before, {key: value for key, value in wanted.items() if value is not None})

    def delete_note(self, note_id: Id, confirm: bool = False) -> Deleted:
        """Delete a note for good. Needs confirm=true."""
        note = self.get(note_id)
        require_confirmation(
            confirm,
            f"note {note_id} by {note.author} ({_beginning(note.content)}) on task {note.task_id}",
            "update_note",
        )
        self.remove(note)
        return Deleted(deleted=note_id, entity="note")

    # What other services ask of notes

    def write(self, task: Task, content: str, *, category: NoteCategory, title: str = "", pinned: bool = False) -> Note:
        """Add a note to a task that was checked already."""
        note_id = self._store.notes.insert(
            task.id,
            title=title,
            content=content,
            category=category,
            pinned=pinned,
            author=self._store.actor,
            now=self._store.now,
        )
        note = self.get(note_id)
        self.log("created", task, note_id, None, note.lean())
        return note

    def change(self, before: Note, fields: dict[str, Any]) -> Note:
        """Give a note other values in some fields."""
        task = self._writing.writable(before.task_id)
        self._holding.renew(task)
        changed = before.model_copy(update=fields)
        if changed == before:
            return before
        after = changed.model_copy(update={"updated_at": self._store.now})
        self._store.notes.save(after)
        self.log("updated", task, after.id, *diff(before, after))
        return after

    def remove(self, note: Note) -> None:
        """Delete a note."""
        task = self._writing.writable(note.task_id)
        self._holding.renew(task)
        self._store.notes.delete(note.id)
        self.log("deleted", task, note.id, note.lean(), None)

    def log(
        self, action: str, task: Task, note_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        """Log a change of a note."""
        self._store.changes.record(
            action, "note", note_id, board_id=task.board_id, task_id=task.id, before=before, after=after
        )

    def get(self, note_id: int) -> Note:
        """A note by id. Raises NotFound."""
        note = self._store.notes.get(note_id)
        if note is None:
            raise NotFound(f"There is no note {note_id}.", hint="list_notes shows a task's notes.")
        return note


def _beginning(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def _place(cursor: str | None) -> tuple[bool, int]:
    if cursor is None:
        return True, 2**62
    pinned, _, note_id = cursor.partition(".")
    if pinned not in ("0", "1") or not note_id.isdecimal() or len(note_id) > 18:
        raise bad_cursor(cursor)
    return pinned == "1", int(note_id)
