"""The change log, as rows."""

import heapq
import itertools
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from kanban_mcp.models.change import Change, Entity
from kanban_mcp.store.database import Database, Row


class ChangeStore:
    """The table `changes`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(
        self,
        action: str,
        entity: Entity,
        entity_id: int,
        *,
        board_id: int | None = None,
        task_id: int | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> int:
        """Log one change in the current transaction; its seq."""
        transaction = self._db.transaction
        return self._db.insert(
            "changes.record",
            """
            insert into changes (at, actor, action, entity, entity_id, board_id, task_id, "before", "after")
            values (:at, :actor, :action, :entity, :entity_id, :board_id, :task_id, :before, :after)
            """,
            at=transaction.now,
            actor=transaction.caller.actor,
            action=action,
            entity=entity,
            entity_id=entity_id,
            board_id=board_id,
            task_id=task_id,
            before=_packed(before),
            after=_packed(after),
        )

    def since(self, seq: int, count: int) -> list[Change]:
        """What happened after a seq, in order, on the boards the caller may see."""
        boards = self._db.transaction.caller.boards
        if boards is not None:
            # One board after the other: along the whole log, the few entries they may see could be far apart.
            each = (self.of_board(board_id, seq, count) for board_id in boards)
            return list(itertools.islice(heapq.merge(*each, key=lambda change: change.seq), count))
        rows = self._db.all(
            "changes.since",
            "select * from changes where seq > :seq order by seq limit +:count",
            seq=seq,
            count=count,
        )
        return [_change(row) for row in rows]

    def of_board(self, board_id: int, seq: int, count: int) -> list[Change]:
        """`since`, on one board."""
        rows = self._db.all(
            "changes.of_board",
            "select * from changes where board_id = :board_id and seq > :seq order by seq limit +:count",
            board_id=board_id,
            seq=seq,
            count=count,
        )
        return [_change(row) for row in rows]

    def of_task(self, task_id: int, seq: int, count: int) -> list[Change]:
        """`since`, about one task and its notes and links."""
        rows = self._db.all(
            "changes.of_task",
            """
            select * from changes where task_id = :task_id and seq > :seq
                and (:boards is null or board_id in (select value from json_each(:boards)))
            order by seq limit +:count
            """,
            boards=self._db.seen,
            task_id=task_id,
            seq=seq,
            count=count,
        )
        return [_change(row) for row in rows]

    def of_actor(self, actor: str, seq: int, count: int) -> list[Change]:
        """`since`, by one actor."""
        rows = self._db.all(
            "changes.of_actor",
            """
            select * from changes where actor = :actor and seq > :seq
                and (:boards is null or board_id in (select value from json_each(:boards)))
            order by seq limit +:count
            """,
            boards=self._db.seen,
            actor=actor,
            seq=seq,
            count=count,
        )
        return [_change(row) for row in rows]

    def of_entity(self, entity: Entity, entity_id: int, seq: int) -> list[Change]:
        """`since`, of one thing itself."""
        rows = self._db.all(
            "changes.of_entity",
            """
            select * from changes where entity = :entity and entity_id = :entity_id and seq > :seq order by seq
            """,
            entity=entity,
            entity_id=entity_id,
            seq=seq,
        )
        return [_change(row) for row in rows]

    def moment(self, seq: int) -> str | None:
        """When a change happened, if it is still kept: tells one history of a file from another."""
        at: str | None = self._db.value("changes.moment", "select at from changes where seq = :seq", seq=seq)
        return at

    def seq_at(self, moment: str) -> int:
        """The seq of the newest change at or before a moment, 0 when there is none: found by halving, times grow."""
        low, high = 0, self.last()
        while low < high:
            middle = (low + high + 1) // 2
            row = self._db.one(
                "changes.at",
                "select seq, at from changes where seq >= :seq order by seq limit 1",
                seq=middle,
            )
            assert row is not None
            if row["at"] <= moment:
                low = int(row["seq"])
            else:
                high = middle - 1
        return low

    def first(self) -> int:
        """The seq of the oldest change still kept, 0 when there is none. What was imported is below 0 and no news."""
        return int(self._db.value("changes.first", "select coalesce(min(seq), 0) from changes where seq > 0"))

    def trim(self, before: str) -> int:
        """Forget what happened before a moment, but never the newest change; how many that were."""
        return self._db.run(
            "changes.trim",
            """
            delete from changes where seq < (select max(seq) from changes)
                and seq < coalesce((select min(seq) from changes where at >= :before), (select max(seq) from changes))
            """,
            before=before,
        )

    def last(self) -> int:
        """The seq of the newest change, 0 when there is none."""
        return int(self._db.value("changes.last", "select coalesce(max(seq), 0) from changes"))

    def fields_changed(self, task_id: int, version: int) -> set[str] | None:
        """Which fields of a task were changed after an old version of it; None when the log does not tell any more."""
        rows = self._db.all(
            "changes.fields_changed",
            """
            select distinct json_extract(c."after", '$.version') as version, f.key
            from changes c, json_each(c."after") f
            where c.task_id = :task_id and c.entity = 'task' and json_extract(c."after", '$.version') > :version
            """,
            task_id=task_id,
            version=version,
        )
        told = {row["version"] for row in rows}
        return {row["key"] for row in rows} if version + 1 in told else None


def _packed(fields: Mapping[str, Any] | None) -> str | None:
    return to_json(fields).decode() if fields else None


def _change(row: Row) -> Change:
    values = dict(row)
    for side in ("before", "after"):
        values[side] = from_json(values[side]) if values[side] else None
    return Change(**values)
