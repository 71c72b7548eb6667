"""Boards and columns, as rows."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kanban_mcp.models.board import Board, Column, ColumnSpec, ColumnStats
from kanban_mcp.models.position import between
from kanban_mcp.store.database import Database, Row


class BoardRow(NamedTuple):
    """A board in a list."""

    id: int
    name: str
    description: str
    open: int
    done: int
    archived: bool


class Totals(NamedTuple):
    """The figures of a board that are not kept by column."""

    blocked: int
    claimed: int
    expired: int
    overdue: int
    high: int
    archived: int
    completed: int


class BoardStore:
    """The tables `boards` and `columns`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, board_id: int) -> Board | None:
        """A board by id, if the caller may see it."""
        row = self._db.one("boards.get", "select * from boards where id = :id", id=board_id)
        return self._visible(row)

    def named(self, name: str) -> Board | None:
        """A board by name, whatever its letter case, if the caller may see it."""
        row = self._db.one("boards.named", "select * from boards where name = :name", name=name)
        return self._visible(row)

    def _visible(self, row: Row | None) -> Board | None:
        return _board(row) if row is not None and self._db.transaction.caller.sees(row["id"]) else None

    def first(self, count: int) -> list[Board]:
        """The oldest boards in use."""
        rows = self._db.all(
            "boards.first",
            """
            select * from boards where archived_at is null
                and (:boards is null or id in (select value from json_each(:boards)))
            order by id limit +:count
            """,
            boards=self._db.seen,
            count=count,
        )
        return [_board(row) for row in rows]

    def page(self, *, archived: bool, after: int, count: int) -> list[BoardRow]:
        """Boards after an id, with how many tasks are open and done."""
        rows = self._db.all(
            "boards.page",
            """
            select b.id, b.name, b.description, b.archived_at is not null as archived,
                coalesce(sum(c.task_count) filter (where c.category <> 'done'), 0) as open,
                coalesce(sum(c.task_count) filter (where c.category = 'done'), 0) as done
            from boards b left join columns c on c.board_id = b.id
            where b.id > :after and (:archived or b.archived_at is null)
                and (:boards is null or b.id in (select value from json_each(:boards)))
            group by b.id order by b.id limit +:count
            """,
            boards=self._db.seen,
            archived=archived,
            after=after,
            count=count,
        )
        return [
            BoardRow(row["id"], row["name"], row["description"], row["open"], row["done"], bool(row["archived"]))
            for row in rows
        ]

    def insert(self, name: str, description: str, now: str) -> int:
        """A new board, without columns."""
        return self._db.insert(
            "boards.insert",
            "insert into boards (name, description, created_at, updated_at) values (:name, :description, :now, :now)",
            name=name,
            description=description,
            now=now,
        )

    def save(self, board: Board) -> None:
        """Write back what may change in a board."""
        self._db.run(
            "boards.save",
            """
            update boards set name = :name, description = :description, version = :version,
                updated_at = :updated_at, archived_at = :archived_at
            where id = :id
            """,
            **board.model_dump(include={"id", "name", "description", "version", "updated_at", "archived_at"}),
        )

    def delete(self, board_id: int) -> int:
        """Delete a board and all in it; how many tasks that were."""
        tasks = self._db.run("boards.delete_tasks", "delete from tasks where board_id = :id", id=board_id)
        self._db.run("boards.delete", "delete from boards where id = :id", id=board_id)
        return tasks

    def columns(self, board_id: int) -> list[Column]:
        """The columns of a board in order."""
        rows = self._db.all(
            "columns.of_board",
            """
            select status, name, category, wip_limit, task_count from columns
            where board_id = :board_id order by position
            """,
            board_id=board_id,
        )
        return [_column(row) for row in rows]

    def column_names(self) -> list[tuple[str, str]]:
        """The columns of all boards the caller may see, each once, by status and name."""
        rows = self._db.all(
            "columns.names",
            """
            select status, name from columns
            where :boards is null or board_id in (select value from json_each(:boards))
            group by status, name order by min(position), status, name
            """,
            boards=self._db.seen,
        )
        return [(row["status"], row["name"]) for row in rows]

    def first_place(self, board_id: int) -> tuple[Column, str]:
        """The column where tasks begin, and the order key after its last task."""
        row = self._db.one(
            "columns.first",
            """
            select c.status, c.name, c.category, c.wip_limit, c.task_count,
                (select max(t.position) from tasks t
                 where t.board_id = c.board_id and t.status = c.status and t.archived_at is null) as last
            from columns c where c.board_id = :board_id order by c.position limit 1
            """,
            board_id=board_id,
        )
        assert row is not None
        return _column(row), between(row["last"], None)

    def set_columns(self, board_id: int, specs: Iterable[ColumnSpec]) -> None:
        """Make these the columns of a board, in this order; the ones left out must hold no task row."""
        kept: Sequence[ColumnSpec] = tuple(specs)
        for column in self.columns(board_id):
            if column.status not in {spec.status for spec in kept}:
                self._db.run(
                    "columns.delete",
                    "delete from columns where board_id = :board_id and status = :status",
                    board_id=board_id,
                    status=column.status,
                )
        for position, spec in enumerate(kept):
            self._db.run(
                "columns.put",
                """
                insert into columns (board_id, status, name, position, category, wip_limit)
                values (:board_id, :status, :name, :position, :category, :wip_limit)
                on conflict (board_id, status) do update set
                    name = excluded.name, position = excluded.position,
                    category = excluded.category, wip_limit = excluded.wip_limit
                """,
                board_id=board_id,
                position=position,
                status=spec.status,
                name=spec.name or spec.status.replace("_", " ").capitalize(),
                category=spec.category,
                wip_limit=spec.wip_limit,
            )

    def holds_tasks(self, board_id: int, status: str) -> bool:
        """Whether a column holds any task, archived ones too."""
        return bool(
            self._db.value(
                "columns.holds_tasks",
                """
                select exists (select 1 from tasks where board_id = :board_id and status = :status
                               and archived_at is null)
                    or exists (select 1 from tasks where board_id = :board_id and archived_at is not null
                               and status = :status)
                """,
                board_id=board_id,
                status=status,
            )
        )

    def column_ages(self, board_id: int, now: str) -> list[ColumnStats]:
        """Each column's count and the age of the task that has not changed for longest, where it is not done."""
        rows = self._db.all(
            "columns.ages",
            """
            select c.status, c.wip_limit, c.task_count,
                case when c.category <> 'done' then
                    (select julianday(:now) - julianday(min(t.updated_at)) from tasks t
                     where t.board_id = c.board_id and t.status = c.status
                        and t.completed_at is null and t.archived_at is null)
                end as age
            from columns c where c.board_id = :board_id order by c.position
            """,
            board_id=board_id,
            now=now,
        )
        return [
            ColumnStats(
                status=row["status"],
                tasks=row["task_count"],
                wip_limit=row["wip_limit"],
                oldest_days=None if row["age"] is None else round(row["age"], 2),
            )
            for row in rows
        ]

    def totals(self, board_id: int, *, now: str, week_ago: str) -> Totals:
        """Counts over a board's tasks."""
        row = self._db.one(
            "boards.totals",
            """
            select
                (select count(*) from tasks where board_id = :id and blocked_by > 0 and archived_at is null
                    and completed_at is null) as blocked,
                (select count(*) from tasks where board_id = :id and claimed_by is not null) as claimed,
                (select count(*) from tasks where board_id = :id and claimed_by is not null
                    and lease_expires_at <= :now) as expired,
                (select count(*) from tasks where board_id = :id and due_at < :now and completed_at is null
                    and archived_at is null) as overdue,
                (select count(*) from tasks where board_id = :id and priority >= 8 and completed_at is null
                    and archived_at is null) as high,
                (select count(*) from tasks where board_id = :id and archived_at is not null) as archived,
                (select count(*) from tasks where board_id = :id and completed_at >= :week_ago) as completed
            """,
            id=board_id,
            now=now,
            week_ago=week_ago,
        )
        assert row is not None
        return Totals(*row)


def _board(row: Row) -> Board:
    return Board(**dict(row))


def _column(row: Row) -> Column:
    return Column(
        status=row["status"],
        name=row["name"],
        category=row["category"],
        wip_limit=row["wip_limit"],
        tasks=row["task_count"],
    )
