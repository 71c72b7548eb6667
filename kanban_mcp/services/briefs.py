"""The brief: everything an agent needs to work on a task, in one answer."""

from kanban_mcp.models.note import Note
from kanban_mcp.models.task import Brief, BriefNote, Task
from kanban_mcp.store.store import Store

NOTES = 5
LINKS = 20
NOTE_CHARACTERS = 1000


class Briefs:
    """Assembles briefs; what is long is cut, and the cut is said."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, task: Task) -> Brief:
        """The brief of a task."""
        store = self._store
        # Most tasks have few kinds of links: one statement tells which of the four others are worth asking.
        kinds = {kind for _, kind in store.dependencies.neighbours(task.id)}
        notes = store.notes.recent(task.id, NOTES)
        total = store.notes.count(task.id) if len(notes) == NOTES else len(notes)
        return Brief.model_construct(
            **{
                **task.__dict__,
                "tags": store.tags.of_task(task.id),
                "blockers": store.dependencies.blockers(task.id, LINKS) if "blocker" in kinds else [],
                "blocks": store.dependencies.blocked(task.id, LINKS) if "blocked" in kinds else [],
                "subtasks": store.tasks.subtasks(task.id, LINKS) if "subtask" in kinds else [],
                "related": store.dependencies.related(task.id, LINKS) if "related" in kinds else [],
                "notes": [_shortened(note) for note in notes],
                "more_notes": total - len(notes),
            }
        )

    def near(self, task_id: int) -> set[int]:
        """All tasks linked to a task: those its brief shows, and those it will once they are open again."""
        return {other for other, _ in self._store.dependencies.neighbours(task_id)}


def _shortened(note: Note) -> BriefNote:
    return BriefNote(
        id=note.id,
        category=note.category,
        title=note.title,
        content=note.content[:NOTE_CHARACTERS],
        author=note.author,
        created_at=note.created_at,
        pinned=note.pinned,
        cut=len(note.content) > NOTE_CHARACTERS,
    )
