"""Notes on tasks."""

from kanban_mcp.models.fields import NoteCategory
from kanban_mcp.models.record import Record


class Note(Record):
    """A note as stored."""

    id: int
    task_id: int
    title: str = ""
    content: str
    category: NoteCategory
    pinned: bool = False
    author: str
    created_at: str
    updated_at: str
