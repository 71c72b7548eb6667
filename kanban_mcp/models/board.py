"""Boards and their columns."""

from typing import Annotated

from pydantic import Field

from kanban_mcp.models.fields import A_NUMBER, Category, Name, Slug
from kanban_mcp.models.page import Page
from kanban_mcp.models.record import Record


class ColumnSpec(Record):
    """A column as the caller wants it. `status` is its slug on the board, such as `in_progress`."""

    status: Slug
    name: Name | None = None
    category: Category
    wip_limit: Annotated[int, Field(ge=1, le=100_000), A_NUMBER] | None = None


class Column(Record):
    """A column as it is; `tasks` counts what is in it and not archived."""

    status: str
    name: str
    category: Category
    wip_limit: int | None = None
    tasks: int


class Board(Record):
    """A board without its tasks."""

    id: int
    name: str
    description: str = ""
    version: int
    created_at: str
    updated_at: str
    archived_at: str | None = None


class BoardView(Board):
    """A board with its columns in order and, from `get_board`, its open tasks."""

    columns: list[Column]
    tasks: Page | None = None


class Holders(Record):
    """Who holds which task of a board; no page when nobody does."""

    holders: Page | None = None


class ColumnStats(Record):
    """One column in figures; ages are days since the last change of the task, and none where tasks are done."""

    status: str
    tasks: int
    wip_limit: int | None = None
    oldest_days: float | None = None


class BoardStats(Record):
    """A board in figures, of tasks that are not archived unless said otherwise."""

    board_id: int
    total: int
    open: int
    done: int
    blocked: int
    claimed: int
    expired_leases: int
    overdue: int
    high_priority: int
    archived: int
    completed_last_7_days: int
    columns: list[ColumnStats]


# Not checked, since checking them would build the model in every start.
DEFAULT_COLUMNS = (
    ColumnSpec.model_construct(status="backlog", name="Backlog", category="todo"),
    ColumnSpec.model_construct(status="todo", name="To do", category="todo"),
    ColumnSpec.model_construct(status="in_progress", name="In progress", category="active"),
    ColumnSpec.model_construct(status="review", name="Review", category="active"),
    ColumnSpec.model_construct(status="done", name="Done", category="done"),
)
