"""What flow figures are made of, as rows: where tasks stand, and each turn their log tells of."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from kanban_mcp.store.database import Database
from kanban_mcp.store.tasks import ids

CHUNK = 10_000
"""Entries read at once: the log may be larger than the memory it is worth."""


class Standing(NamedTuple):
    """A task as it is now."""

    id: int
    status: str
    created_at: str
    started_at: str | None
    completed_at: str | None
    archived_at: str | None
    actor: str | None


STANDING = "t.id, status, created_at, started_at, completed_at, archived_at, coalesce(claimed_by, assignee)"


class Settled(NamedTuple):
    """How many tasks of a status, archived or not, were finished before a moment; when the first of them was made."""

    status: str
    archived: int
    tasks: int
    first: str


Turn: TypeAlias = tuple[int, int, str, str, str, str | None, str | None, str | None]
"""An entry that may have changed a task's column, whether it is on the board, or whether it is blocked: its seq, the
task, when, the action, who held the task or else acted; then what it changed as it was before: the status, `null` or
`text` for a task that was not or was archived; and a deleted task as JSON. Plain, since there are a million."""


class FlowStore:
    """Reads over all tasks of a board, made narrow: they pass over every row."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def standings(self, board_id: int, since: str) -> list[Standing]:
        """The tasks of a board, archived ones too, without those that were finished before a moment."""
        rows = self._db.tuples(
            "flow.standings",
            f"""
            select {STANDING} from tasks t
            where board_id = :board_id and archived_at is null and (completed_at is null or completed_at >= :since)
            union all
            select {STANDING} from tasks t
            where board_id = :board_id and archived_at is not null and (completed_at is null or completed_at >= :since)
            """,  # noqa: S608 - a constant select list
            board_id=board_id,
            since=since,
        )
        return [Standing._make(row) for row in rows]

    def standing(self, task_ids: list[int]) -> list[Standing]:
        """These tasks, as far as they exist."""
        rows = self._db.tuples(
            "flow.standing",
            f"select {STANDING} from json_each(:ids) i cross join tasks t on t.id = i.value",  # noqa: S608 - a constant
            ids=ids(task_ids),
        )
        return [Standing._make(row) for row in rows]

    def settled(self, board_id: int, since: str) -> list[Settled]:
        """The tasks of a board that were finished before a moment, counted."""
        rows = self._db.tuples(
            "flow.settled",
            """
            select status, archived_at is not null, count(*), min(created_at) from tasks
            where board_id = :board_id and completed_at < :since group by 1, 2
            """,
            board_id=board_id,
            since=since,
        )
        return [Settled._make(row) for row in rows]

    def turns(self, board_id: int) -> Iterator[list[Turn]]:
        """The log of a board's tasks, the newest first, without what moves nothing; part by part."""
        first, last = self._ends(board_id)
        for start in range(last - CHUNK + 1, first - CHUNK, -CHUNK):
            # Read upwards and turned round here: downwards, the engine looks every row up anew, at twice the cost.
            rows = self._db.tuples(
                "flow.turns",
                """
                select seq, task_id, at, action,
                    case when action in ('blocked', 'unblocked') then actor
                        else coalesce(json_extract("before", '$.claimed_by'), actor) end,
                    case when action not in ('blocked', 'unblocked') then json_extract("before", '$.status') end,
                    case when action not in ('blocked', 'unblocked') then json_type("before", '$.archived_at') end,
                    case when action = 'deleted' then "before" end
                from changes
                where board_id = :board_id and seq >= :start and seq < :start + :count
                    and entity = 'task' and action not in ('created', 'updated', 'tagged')
                order by seq
                """,
                board_id=board_id,
                start=start,
                count=CHUNK,
            )
            rows.reverse()
            yield rows

    def _ends(self, board_id: int) -> tuple[int, int]:
        """The first and the last seq of a board that are kept; the last is below the first when there is none."""
        row = self._db.one(
            "flow.ends",
            """
            select (select min(seq) from changes where board_id = :board_id),
                (select max(seq) from changes where board_id = :board_id)
            """,
            board_id=board_id,
        )
        assert row is not None
        return (row[0] or 1, row[1] or 0)

    def returned(self, task_id: int, seq: int) -> str | None:
        """When a task that was deleted at a seq was brought back."""
        at: str | None = self._db.value(
            "flow.returned",
            """
            select at from changes
            where entity = 'task' and entity_id = :task_id and seq > :seq and action = 'created' order by seq limit 1
            """,
            task_id=task_id,
            seq=seq,
        )
        return at

    def first_of(self, task_id: int) -> int:
        """The seq of the first entry about a task that is kept."""
        return int(
            self._db.value(
                "flow.first_of", "select coalesce(min(seq), 0) from changes where task_id = :task_id", task_id=task_id
            )
        )

    def log_begins(self, board_id: int) -> tuple[str, bool]:
        """The moment of the first change of a board that is kept, and whether it is the board's creation."""
        row = self._db.one(
            "flow.log_begins",
            """
            select at, entity = 'board' and action = 'created' from changes
            where seq = coalesce(
                (select min(seq) from changes where board_id = :board_id), (select min(seq) from changes)
            )
            """,
            board_id=board_id,
        )
        assert row is not None, "a log keeps its newest entry"
        return row[0], bool(row[1])

    def tags(self, task_ids: list[int]) -> list[tuple[int, str]]:
        """Pairs of a task and a tag it carries."""
        rows = self._db.all(
            "flow.tags",
            """
            select x.task_id, g.name from json_each(:ids) i
            cross join task_tags x on x.task_id = i.value join tags g on g.id = x.tag_id
            """,
            ids=ids(task_ids),
        )
        return [(row[0], row[1]) for row in rows]

    def titles(self, task_ids: list[int]) -> dict[int, str]:
        """What these tasks are called."""
        rows = self._db.all(
            "flow.titles",
            "select t.id, t.title from json_each(:ids) i cross join tasks t on t.id = i.value",
            ids=ids(task_ids),
        )
        return {row[0]: row[1] for row in rows}
