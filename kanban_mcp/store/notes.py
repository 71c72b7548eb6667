"""Notes, as rows."""

from kanban_mcp.models.note import Note
from kanban_mcp.store.database import Database, Row


class NoteStore:
    """The table `notes`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, note_id: int) -> Note | None:
        """A note by id, if the caller may see its board."""
        row = self._db.one(
            "notes.get",
            """
            select n.* from notes n join tasks t on t.id = n.task_id
            where n.id = :id and (:boards is null or t.board_id in (select value from json_each(:boards)))
            """,
            id=note_id,
            boards=self._db.seen,
        )
        return None if row is None else _note(row)

    def insert(
        self, task_id: int, *, title: str, content: str, category: str, pinned: bool, author: str, now: str
    ) -> int:
        """A new note."""
        return self._db.insert(
            "notes.insert",
            """
            insert into notes (task_id, title, content, category, pinned, author, created_at, updated_at)
            values (:task_id, :title, :content, :category, :pinned, :author, :now, :now)
            """,
            task_id=task_id,
            title=title,
            content=content,
            category=category,
            pinned=pinned,
            author=author,
            now=now,
        )

    def restore(self, note: Note) -> None:
        """A deleted note again, with its id."""
        self._db.run(
            "notes.restore",
            """
            insert into notes (id, task_id, title, content, category, pinned, author, created_at, updated_at)
            values (:id, :task_id, :title, :content, :category, :pinned, :author, :created_at, :updated_at)
            """,
            **note.model_dump(),
        )

    def all_of(self, task_id: int) -> list[Note]:
        """Every note of a task, oldest first."""
        rows = self._db.all("notes.all_of", "select * from notes where task_id = :task_id order by id", task_id=task_id)
        return [_note(row) for row in rows]

    def save(self, note: Note) -> None:
        """Write back what may change in a note."""
        self._db.run(
            "notes.save",
            """
            update notes set title = :title, content = :content, category = :category, pinned = :pinned,
                updated_at = :updated_at
            where id = :id
            """,
            **note.model_dump(include={"id", "title", "content", "category", "pinned", "updated_at"}),
        )

    def delete(self, note_id: int) -> None:
        """Delete a note."""
        self._db.run("notes.delete", "delete from notes where id = :id", id=note_id)

    def recent(self, task_id: int, count: int) -> list[Note]:
        """A task's notes, pinned ones first, then newest first."""
        rows = self._db.all(
            "notes.recent",
            "select * from notes where task_id = :task_id order by pinned desc, id desc limit +:count",
            task_id=task_id,
            count=count,
        )
        return [_note(row) for row in rows]

    def page(self, task_id: int, *, category: str | None, below: tuple[bool, int], count: int) -> list[Note]:
        """`recent`, of one category or all, after the note that `below` (pinned, id) names."""
        rows = self._db.all(
            "notes.page",
            """
            select * from notes where task_id = :task_id
                and (pinned < :pinned or pinned = :pinned and id < :id)
                and (:category is null or category = :category)
            order by pinned desc, id desc limit +:count
            """,
            task_id=task_id,
            category=category,
            pinned=below[0],
            id=below[1],
            count=count,
        )
        return [_note(row) for row in rows]

    def count(self, task_id: int) -> int:
        """How many notes a task has."""
        return int(
            self._db.value("notes.count", "select count(*) from notes where task_id = :task_id", task_id=task_id)
        )


def _note(row: Row) -> Note:
    values = dict(row)
    values["pinned"] = bool(values["pinned"])
    return Note(**values)
