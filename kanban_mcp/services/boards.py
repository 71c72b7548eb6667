"""Boards and their columns."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from kanban_mcp.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion, Unconfirmed, WipLimit
from kanban_mcp.models.board import DEFAULT_COLUMNS, Board, BoardStats, BoardView, Column, ColumnSpec, Holders
from kanban_mcp.models.change import Archived, Deleted
from kanban_mcp.models.fields import BoardRef, Cursor, Description, Limit, Name, Version
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.record import diff
from kanban_mcp.models.task import LISTED, TaskRow
from kanban_mcp.store.boards import BoardRow
from kanban_mcp.store.claims import Holder
from kanban_mcp.store.clock import later, seconds_between
from kanban_mcp.store.store import Store

Columns = Annotated[list[ColumnSpec], Field(min_length=2, max_length=30)]

_WEEK = 7 * 24 * 3600
MOST_NAMED = 30
"""Columns that an error names."""


class Boards:
    """Operations on boards. `bound` is the board meant when a call names none."""

    def __init__(self, store: Store, *, bound: str | None = None) -> None:
        self._store = store
        self.bound = bound

    def list_boards(self, archived: bool = False, limit: Limit = 20, cursor: Cursor | None = None) -> Page:
        """List boards with counts of open and done tasks; `archived` adds archived ones."""
        found = self._store.boards.page(archived=archived, after=_board_cursor(cursor), count=limit + 1)
        return page(BoardRow._fields, found, list, limit=limit, cursor=lambda row: str(row.id))

    def create_board(self, name: Name, description: Description = "", columns: Columns | None = None) -> BoardView:
        """Create a board. Columns default to backlog, todo, in_progress, review, done."""
        specs = _checked(columns or DEFAULT_COLUMNS)
        if (same := self._store.boards.named(name)) is not None:
            raise Conflict(f"There is already a board named {same.name!r}.", hint="Use it, or choose another name.")
        board_id = self._store.boards.insert(name, description, self._store.now)
        self._store.boards.set_columns(board_id, specs)
        view = self._view(self.get(board_id))
        self._store.changes.record("created", "board", board_id, board_id=board_id, after=logged(view))
        return view

    def get_board(self, board: BoardRef | None = None, limit: Limit = 20) -> BoardView:
        """Get a board: columns with counts and WIP limits, its open tasks, and who holds what for how long.

        list_tasks has the rest.
        """
        found = self.resolve(board)
        columns = self._store.boards.columns(found.id)
        open_columns = [column for column in columns if column.category != "done"]
        rows: list[TaskRow] = []
        for column in open_columns:
            wanted = limit + 1 - len(rows)
            if wanted > 0:
                rows += self._store.tasks.page(found.id, column.status, after="", count=wanted)
        total = sum(column.tasks for column in open_columns)
        tasks = page(
            LISTED,
            rows,
            listed_values,
            limit=limit,
            cursor=lambda row: f"{row.status}.{row.position}",
            total=total,
        )
        return self._view(found, columns, tasks=tasks)

    def holders(self, board: BoardRef | None = None, limit: Limit = 20) -> Holders:
        """Who holds which task of a board, for how long: the part of `get_board` that changes with the clock."""
        holders, now = self._store.claims.holders(self.resolve(board).id, limit + 1), self._store.now

        def row(holder: Holder) -> list[int | str]:
            age = max(0, round(seconds_between(holder.held_since, now)))
            left = round(seconds_between(now, holder.expires_at))
            return [holder.task_id, holder.claimed_by, holder.lease, age, left]

        columns = ("task_id", "claimed_by", "lease", "held_seconds", "expires_in_seconds")
        return Holders(holders=page(columns, holders, row, limit=limit) if holders else None)

    def update_board(
        self,
        board: BoardRef | None = None,
        name: Name | None = None,
        description: Description | None = None,
        version: Version | None = None,
    ) -> BoardView:
        """Rename or describe a board; only the fields given change."""
        before = self.resolve(board, writing=True)
        if version is not None and version != before.version:
            raise StaleVersion(
                f"The board is at version {before.version}, not {version}.",
                hint="Look at what is current and repeat the call with its version.",
                current=before.lean(),
            )
        wanted = {"name": name, "description": description}
        changes = {key: value for key, value in wanted.items() if value not in (None, getattr(before, key))}
        if not changes:
            return self._view(before)
        if name:
            self.check_name(before, name, hint="Choose another name.")
        return self._view(self.save("updated", before, changes))

    def archive_board(self, board: BoardRef, archived: bool = True) -> Archived:
        """Archive a board: it leaves list_boards and takes no writes. archived=false brings it back."""
        before = self.resolve(board)
        if (before.archived_at is not None) == archived:
            return Archived(id=before.id, archived=archived, version=before.version, unchanged=True)
        action, at = ("archived", self._store.now) if archived else ("restored", None)
        after = self.save(action, before, {"archived_at": at})
        return Archived(id=after.id, archived=archived, version=after.version)

    def delete_board(self, board: BoardRef, confirm: bool = False) -> Deleted:
        """Delete a board with all its tasks and notes, for good. Needs confirm=true; archive_board is the safe way."""
        found = self.resolve(board)
        require_confirmation(confirm, f"board {found.name!r} with all its tasks", "archive_board")
        before = logged(self._view(found))
        tasks = self._store.boards.delete(found.id)
        self._store.changes.record("deleted", "board", found.id, board_id=found.id, before=before)
        return Deleted(deleted=found.id, entity="board", tasks=tasks)

    def set_columns(self, columns: Columns, board: BoardRef | None = None) -> BoardView:
        """Replace a board's columns, in this order; `status` tells which is which.

        Columns left out are removed and must be empty.
        """
        found = self.resolve(board, writing=True)
        specs, before = _checked(columns), self._store.boards.columns(found.id)
        self._check_change(found.id, before, specs)
        self._store.boards.set_columns(found.id, specs)
        after = self._store.boards.columns(found.id)
        if after == before:
            return self._view(found, after)
        saved = found.model_copy(update={"version": found.version + 1, "updated_at": self._store.now})
        self._store.boards.save(saved)
        self._store.changes.record(
            "columns_set",
            "board",
            found.id,
            board_id=found.id,
            before={"columns": _dumped(before)},
            after={"columns": _dumped(after), "version": saved.version},
        )
        return self._view(saved, after)

    def get_board_stats(self, board: BoardRef | None = None) -> BoardStats:
        """Count a board's tasks: by column, blocked, claimed, overdue, high priority (8 and above), done in 7 days."""
        found, now = self.resolve(board), self._store.now
        columns = self._store.boards.columns(found.id)
        totals = self._store.boards.totals(found.id, now=now, week_ago=later(now, -_WEEK))
        done = sum(column.tasks for column in columns if column.category == "done")
        total = sum(column.tasks for column in columns)
        return BoardStats(
            board_id=found.id,
            total=total,
            open=total - done,
            done=done,
            blocked=totals.blocked,
            claimed=totals.claimed,
            expired_leases=totals.expired,
            overdue=totals.overdue,
            high_priority=totals.high,
            archived=totals.archived,
            completed_last_7_days=totals.completed,
            columns=self._store.boards.column_ages(found.id, now),
        )

    # What other services ask of boards

    def resolve(self, board: int | str | None, *, writing: bool = False) -> Board:
        """The board meant by an argument. With `writing` it must not be archived. Raises NotFound, Invalid."""
        found = self._named(board) if board is not None else self._default()
        if writing and found.archived_at is not None:
            raise Conflict(
                f"Board {found.name!r} is archived.",
                hint=f"Restore it: archive_board(board={found.id}, archived=false).",
            )
        return found

    def get(self, board_id: int) -> Board:
        """A board by id. Raises NotFound."""
        found = self._store.boards.get(board_id)
        if found is None:
            raise NotFound(f"There is no board {board_id}.", hint="list_boards shows the boards.")
        return found

    def column(self, board_id: int, status: str) -> Column:
        """A column of a board by its status, or its name. Raises NotFound, naming the ones there are."""
        columns = {column.status: column for column in self._store.boards.columns(board_id)}
        meant = status if status in columns else _meant(status, [(each.status, each.name) for each in columns.values()])
        if meant is None:
            raise NotFound(f"The board has no column {status!r}.", hint=f"Its columns are {', '.join(columns)}.")
        return columns[meant]

    def status(self, status: str) -> str:
        """A status as some board has it, found as `column` finds it on one. Raises NotFound."""
        columns = self._store.boards.column_names()
        if (meant := _meant(status, columns)) is None:
            known = list(dict.fromkeys(slug for slug, _ in columns))[:MOST_NAMED]
            raise NotFound(f"No board has a column {status!r}.", hint=f"There are {', '.join(known) or 'none yet'}.")
        return meant

    def columns(self, board_id: int, category: str) -> list[Column]:
        """A board's columns of a category, in order."""
        return [column for column in self._store.boards.columns(board_id) if column.category == category]

    def check_room(self, column: Column) -> None:
        """Raise WipLimit when the column is full."""
        if column.wip_limit is not None and column.tasks >= column.wip_limit:
            raise WipLimit(
                f"Column {column.status!r} is full: {column.tasks} of {column.wip_limit}.",
                hint="Finish or move a task out of it first, or raise the limit with set_columns.",
                current=column.lean(),
            )

    def _named(self, board: int | str) -> Board:
        found = self._store.boards.named(board) if isinstance(board, str) else self._store.boards.get(board)
        if found is None and isinstance(board, str) and board.isdecimal() and len(board) < 19:
            found = self._store.boards.get(int(board))
        if found is None:
            raise NotFound(
                f"There is no board {board!r}.", hint="list_boards shows the boards, create_board makes one."
            )
        return found

    def _default(self) -> Board:
        if self.bound is not None and self._bound_is_seen(self.bound):
            return self._named(self.bound)
        some = self._store.boards.first(6)
        if len(some) == 1:
            return some[0]
        if not some:
            raise NotFound("There is no board yet.", hint="Make one with create_board(name=...).")
        names = ", ".join(board.name for board in some[:5])
        raise Invalid("There are several boards; say which.", hint=f"Give board=..., one of: {names}.")

    def _bound_is_seen(self, bound: str) -> bool:
        """Whether it may be told of the board the server is bound to: to all but callers limited to others."""
        limited = self._store.caller.boards is not None
        return not limited or self._store.boards.named(bound) is not None

    def check_name(self, board: Board, name: str, hint: str) -> None:
        """Raise Forbidden where the caller renames no boards, Conflict with that hint where another has the name."""
        if self._store.caller.boards is not None:
            raise Forbidden("A key limited to boards renames none.", hint="The name may be that of another board.")
        same = self._store.boards.named(name)
        if same is not None and same.id != board.id:
            raise Conflict(f"There is already a board named {same.name!r}.", hint=hint)

    def save(self, action: str, before: Board, changes: Mapping[str, Any]) -> Board:
        """Write and log a change of a board."""
        after = before.model_copy(update={**changes, "version": before.version + 1, "updated_at": self._store.now})
        self._store.boards.save(after)
        old, new = diff(before, after)
        self._store.changes.record(action, "board", after.id, board_id=after.id, before=old, after=new)
        return after

    def _check_change(self, board_id: int, before: Sequence[Column], specs: Sequence[ColumnSpec]) -> None:
        wanted = {spec.status: spec for spec in specs}
        for column in before:
            spec = wanted.get(column.status)
            finishing = spec is not None and (spec.category == "done") != (column.category == "done")
            if (spec is None or finishing) and self._store.boards.holds_tasks(board_id, column.status):
                wish = "be removed" if spec is None else "start or stop meaning done"
                raise Conflict(
                    f"Column {column.status!r} holds tasks, so it cannot {wish}.",
                    hint="Move or delete its tasks first, archived ones too.",
                    current=column.lean(),
                )

    def _view(
        self,
        board: Board,
        columns: list[Column] | None = None,
        *,
        tasks: Page | None = None,
    ) -> BoardView:
        columns = self._store.boards.columns(board.id) if columns is None else columns
        return BoardView(**board.model_dump(), columns=columns, tasks=tasks)


def _meant(status: str, columns: Sequence[tuple[str, str]]) -> str | None:
    """Which of some columns, by status and name, is meant: in any letter case, and by a name that only one has."""
    wanted = status.casefold()
    if any(slug == wanted for slug, _ in columns):
        return wanted
    named = {slug for slug, name in columns if name.casefold() == wanted}
    return named.pop() if len(named) == 1 else None


def listed_values(row: TaskRow) -> list[object]:
    """The values of a task in a list, for the columns `LISTED`."""
    return list(row[: len(LISTED)])


def require_confirmation(confirm: bool, what: str, safer: str) -> None:
    """Raise Unconfirmed unless the caller confirmed."""
    if not confirm:
        raise Unconfirmed(f"This deletes {what} for good.", hint=f"Repeat with confirm=true, or use {safer}.")


def _checked(columns: Sequence[ColumnSpec]) -> Sequence[ColumnSpec]:
    statuses = [column.status for column in columns]
    if len(set(statuses)) < len(statuses):
        raise Invalid("Two columns have the same status.", hint="Give each column its own status.")
    categories = {column.category for column in columns}
    if not {"todo", "done"} <= categories:
        raise Invalid(
            "A board needs a column of category 'todo' and one of category 'done'.",
            hint="Set each column's category to todo, active or done.",
        )
    return columns


def logged(view: BoardView) -> dict[str, Any]:
    """A board as the log keeps it."""
    return {**view.lean(), "columns": _dumped(view.columns)}


def _dumped(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Columns as they are set, without the count of their tasks."""
    return [column.model_dump(exclude={"tasks"}, exclude_defaults=True) for column in columns]


def _board_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 18:
        raise bad_cursor(cursor)
    return int(cursor)


def bad_cursor(cursor: str) -> Invalid:
    """The error for a cursor that the list did not give."""
    return Invalid(f"The cursor {cursor!r} is not one of this list.", hint="Leave cursor out to start from the top.")
