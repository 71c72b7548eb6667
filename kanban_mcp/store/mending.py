"""How a database file is put right, where a statement does not suffice. In a writing transaction."""

from collections.abc import Callable

from kanban_mcp.models.finding import Finding
from kanban_mcp.models.position import between
from kanban_mcp.store.checks import INDEXES, ROWS
from kanban_mcp.store.database import Database


class Mending:
    """Mends what the checks find. Each part leaves alone what is sound."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rows(self) -> None:
        """Everything that ROWS find, in their order: later ones count what earlier ones changed."""
        own: dict[str, Callable[[], None]] = {
            "columns": self._columns,
            "positions": self._positions,
            "sequences": self._sequences,
        }
        for check in ROWS:
            for number, sql in enumerate(check.mends):
                self._db.run(f"mending.{check.name}.{number}", sql)
            if check.name in own and self._db.one(f"mending.{check.name}", check.sql) is not None:
                own[check.name]()

    def indexes(self, found: list[Finding]) -> None:
        """The indexes that were found damaged, from the tables."""
        if any(finding.check == "pages" and finding.mend for finding in found):
            self._db.run("mending.reindex", "reindex")
        if any(finding.check == "text_indexes" for finding in found):
            for index in INDEXES:
                self._db.run(f"mending.{index}", f"insert into {index} ({index}) values ('rebuild')")  # noqa: S608

    def _columns(self) -> None:
        """Columns, and boards, that tasks are in: a task is worth more than the order it was in."""
        self._db.run(
            "mending.boards",
            """
            insert into boards (id, name, created_at, updated_at)
            select distinct t.board_id, 'Recovered board ' || t.board_id, :now, :now from tasks t
            where t.board_id not in (select id from boards)
            """,
            now=self._db.transaction.now,
        )
        self._db.run(
            "mending.columns",
            """
            insert into columns (board_id, status, name, position, category)
            select t.board_id, t.status, t.status,
                coalesce((select max(c.position) + 1 from columns c where c.board_id = t.board_id), 0)
                    + row_number() over (partition by t.board_id order by t.status),
                iif(min(t.completed_at) is not null, 'done', 'todo')
            from tasks t left join columns c on c.board_id = t.board_id and c.status = t.status
            where c.id is null group by t.board_id, t.status
            """,
        )
        for category, position in (("todo", -1), ("done", 1_000_000)):
            self._db.run(
                f"mending.{category}",
                """
                insert into columns (board_id, status, name, position, category)
                select b.id, :category, :category, :position, :category from boards b where not exists (
                    select 1 from columns c where c.board_id = b.id and c.category = :category)
                    and not exists (select 1 from columns c where c.board_id = b.id and c.status = :category)
                """,
                category=category,
                position=position,
            )

    def _positions(self) -> None:
        """The places of each column that has a wrong one, anew: first out of each other's way, then in their order."""
        wrong = self._db.all("mending.wrong_positions", next(c.sql for c in ROWS if c.name == "positions"))
        for board_id, status in dict.fromkeys((row["board_id"], row["status"]) for row in wrong):
            rows = self._db.all(
                "mending.column",
                """
                select id from tasks where board_id = :board_id and status = :status and archived_at is null
                order by position, id
                """,
                board_id=board_id,
                status=status,
            )
            self._place({int(row["id"]): f"~{row['id']}" for row in rows})
            places: dict[int, str] = {}
            last: str | None = None
            for row in rows:
                places[int(row["id"])] = last = between(last, None)
            self._place(places)

    def _place(self, places: dict[int, str]) -> None:
        for task_id, position in places.items():
            self._db.run(
                "mending.position",
                "update tasks set position = :position where id = :id",
                id=task_id,
                position=position,
            )

    def _sequences(self) -> None:
        for row in self._db.all("mending.used", next(c.sql for c in ROWS if c.name == "sequences")):
            self._db.run("mending.sequence.old", "delete from sqlite_sequence where name = :name", name=row["name"])
            self._db.run(
                "mending.sequence",
                "insert into sqlite_sequence (name, seq) values (:name, :seq)",
                name=row["name"],
                seq=row["highest"],
            )
