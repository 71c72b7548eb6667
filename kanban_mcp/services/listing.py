"""Walking a board's tasks in order, page by page."""

from kanban_mcp.models.board import Column
from kanban_mcp.models.fields import Detail
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.task import LISTED, WHOLE, Task, TaskRow
from kanban_mcp.services.boards import bad_cursor, listed_values
from kanban_mcp.store.store import Store
from kanban_mcp.store.tasks import Filters

_NEVER = "9999"
"""Later than any moment that is stored."""


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

    def finished(
        self, board_id: int, columns: list[Column], status: str | None, limit: int, cursor: str | None
    ) -> Page:
        """A board's finished tasks, in one column or all, newest first; a cursor is when the last one shown was."""
        before, before_id = _moment(cursor)
        rows = self._store.tasks.finished(board_id, status, before=before, before_id=before_id, count=limit + 1)
        return page(
            LISTED,
            rows,
            listed_values,
            limit=limit,
            cursor=lambda row: f"{row.completed_at}.{row.id}",
            total=sum(column.tasks for column in columns if column.category == "done"),
        )

    def detailed(self, found: Page, detail: Detail) -> Page:
        """A page of listed tasks with as much of each as asked for."""
        if detail == "summary":
            return found
        tasks = self._store.tasks.several([row[0] for row in found.rows])
        rows = [_whole(task, row[-1]) for task, row in zip(tasks, found.rows, strict=True)]
        return found.model_copy(update={"columns": WHOLE, "rows": rows})


def _whole(task: Task, tags: list[str]) -> list[object]:
    """The values of a task for the columns `WHOLE`."""
    return [*(getattr(task, column) for column in WHOLE[:-1]), tags]


def _moment(cursor: str | None) -> tuple[str, int]:
    """When the last finished task shown was finished, and its id."""
    if cursor is None:
        return _NEVER, 0
    at, _, number = cursor.rpartition(".")
    if not (at[:4].isdecimal() and number.isdecimal()) or len(number) > 18:
        raise bad_cursor(cursor)
    return at, int(number)


def _place(cursor: str | None, columns: list[Column]) -> tuple[int, str]:
    """Which column a cursor is in, and the order key in it."""
    if cursor is None:
        return 0, ""
    status, _, position = cursor.partition(".")
    for number, column in enumerate(columns):
        if column.status == status and position.isalnum():
            return number, position
    raise bad_cursor(cursor)
