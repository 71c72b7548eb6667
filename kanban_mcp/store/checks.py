"""Whether the whole database is sound."""

from kanban_mcp.progress import report
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3

STEPS = 5
"""Four of rows, and the indexes."""
_INDEXES = ("tasks_fts", "notes_fts")


class Checks:
    """Looks through everything; what it finds is said in sentences."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of_rows(self) -> list[str]:
        """Pages, references, and counts that are kept beside what they count. For a connection of its own."""
        found: list[str] = []
        for number, check in enumerate((self._pages, self._references, self._task_counts, self._blocked_counts)):
            found += check()
            report(number + 1, STEPS)
        return found

    def of_indexes(self) -> list[str]:
        """The text indexes against the text. For a writing transaction: the check is said as an insert."""
        found = []
        for index in _INDEXES:
            try:
                self._db.run(
                    f"checks.{index}",
                    f"insert into {index} ({index}, rank) values ('integrity-check', 1)",  # noqa: S608
                )
            except sqlite3.DatabaseError:
                found.append(f"The text index {index} does not fit the text.")
        report(STEPS, STEPS)
        return found

    def _pages(self) -> list[str]:
        rows = self._db.all("checks.pages", "pragma quick_check(20)")
        return [f"The file is damaged: {row[0]}." for row in rows if row[0] != "ok"]

    def _references(self) -> list[str]:
        rows = self._db.all("checks.references", "pragma foreign_key_check")
        return [f"A row of {row['table']} refers to a missing row of {row['parent']}." for row in rows[:20]]

    def _task_counts(self) -> list[str]:
        rows = self._db.all(
            "checks.task_counts",
            """
            select c.board_id, c.status from columns c where c.task_count <> (
                select count(*) from tasks t
                where t.board_id = c.board_id and t.status = c.status and t.archived_at is null)
            """,
        )
        return [f"The count of tasks in column {row[1]!r} of board {row[0]} is wrong." for row in rows[:20]]

    def _blocked_counts(self) -> list[str]:
        rows = self._db.all(
            "checks.blocked_counts",
            """
            select t.id from tasks t where t.blocked_by <> (
                select count(*) from dependencies d join tasks b on b.id = d.depends_on
                where d.task_id = t.id and d.kind = 'blocks' and b.completed_at is null and b.archived_at is null
            ) + (
                select count(*) from tasks s
                where s.parent_id = t.id and s.completed_at is null and s.archived_at is null)
            """,
        )
        return [f"The count of what blocks task {row[0]} is wrong." for row in rows[:20]]
