"""Walking a board's tasks in order, page by page."""

from kanban_mcp.models.board import Column
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.task import LISTED, TaskRow
from kanban_mcp.services.boards import bad_cursor, listed_values
from kanban_mcp.store import Store
from kanban_mcp.store.tasks import Filters


class Listing:
    """Columns from left to right, each from the top; a cursor is the place of the last task shown."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def walk(
        self, board_id: int, columns: list[Column], filters: Filters, count: int, cursor: str | None
    ) -> list[TaskRow]:
        """Rows from column after column, starting behind the cursor, until there are enough."""
        start, after = _place(cursor, columns)
        rows: list[TaskRow] = []
        for column in columns[start:]:
            if len(rows) == count:
                break
            rows += self._store.tasks.page(
                board_id, column.status, after=after, count=count - len(rows), filters=filters
            )
            after = ""
        return rows

    def archived(self, board_id: int, limit: int, cursor: str | None) -> Page:
        """A board's archived tasks, newest first."""
        if cursor is not None and not cursor.isdecimal():
            raise bad_cursor(cursor)
        below = int(cursor) if cursor else 2**62
        rows = self._store.tasks.archived(board_id, before=min(below, 2**62), count=limit + 1)
        return page(LISTED, rows, listed_values, limit=limit, cursor=lambda row: str(row.id))


def _place(cursor: str | None, columns: list[Column]) -> tuple[int, str]:
    """Which column a cursor is in, and the order key in it."""
    if cursor is None:
        return 0, ""
    status, _, position = cursor.partition(".")
    for number, column in enumerate(columns):
        if column.status == status and position.isalnum():
            return number, position
    raise bad_cursor(cursor)
