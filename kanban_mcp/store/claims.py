"""Ready work and leases, as rows."""

from typing import NamedTuple

from kanban_mcp.models.task import TaskRow
from kanban_mcp.store.database import Database
from kanban_mcp.store.tasks import CARRIERS, LISTED, few_carry, ids, listed


class Holder(NamedTuple):
    """Who has a task, since when and until when."""

    task_id: int
    claimed_by: str
    lease: int
    held_since: str
    expires_at: str


class Waiting(NamedTuple):
    """Why tasks that are not done cannot be claimed; each counted up to a hundred."""

    blocked: int
    held: int
    next_expiry: str | None


class ClaimStore:
    """The claim columns of the table `tasks`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def ready(
        self, board_id: int, status: str, *, now: str, actor: str | None, tags: list[int] | None, count: int
    ) -> list[TaskRow]:
        """The ready tasks of a column, best first: priority, then order. With `actor`, none assigned to others."""
        rare = few_carry(self._db, tags)
        rows = self._db.all(
            "claims.ready_tagged" if rare else "claims.ready",
            f"""
            select {LISTED} from {CARRIERS if rare else "tasks t indexed by tasks_ready"}
            where t.board_id = :board_id and t.status = :status and t.archived_at is null and t.blocked_by = 0
                and (t.claimed_by is null or t.lease_expires_at <= :now)
                and (:actor is null or t.assignee is null or t.assignee = :actor)
                and (:tags is null or exists (select 1 from task_tags x where x.task_id = t.id
                     and x.tag_id in (select value from json_each(:tags))))
            order by t.priority desc, t.position limit +:count
            """,  # noqa: S608 - a constant select list
            board_id=board_id,
            status=status,
            now=now,
            actor=actor,
            tags=ids(tags),
            count=count,
        )
        return [listed(row) for row in rows]

    def ready_for(self, board_id: int, status: str, *, now: str, actor: str, tags: list[int] | None) -> list[TaskRow]:
        """The best ready task of a column among those assigned to the actor."""
        rows = self._db.all(
            "claims.ready_for",
            f"""
            select {LISTED} from tasks t indexed by tasks_assigned
            where t.board_id = :board_id and t.assignee = :actor and t.status = :status and t.archived_at is null
                and t.blocked_by = 0 and (t.claimed_by is null or t.lease_expires_at <= :now)
                and (:tags is null or exists (select 1 from task_tags x where x.task_id = t.id
                     and x.tag_id in (select value from json_each(:tags))))
            order by t.priority desc, t.position limit 1
            """,  # noqa: S608 - a constant select list
            board_id=board_id,
            status=status,
            now=now,
            actor=actor,
            tags=ids(tags),
        )
        return [listed(row) for row in rows]

    def expired(
        self, board_id: int, *, now: str, actor: str | None, tags: list[int] | None, count: int
    ) -> list[TaskRow]:
        """Tasks under work whose lease ran out, the longest ago first, as for `ready`."""
        rows = self._db.all(
            "claims.expired",
            f"""
            select {LISTED}, t.lease_expires_at from tasks t
            join columns c on c.board_id = t.board_id and c.status = t.status and c.category = 'active'
            where t.board_id = :board_id and t.claimed_by is not null and t.lease_expires_at <= :now
                and t.archived_at is null and t.blocked_by = 0
                and (:actor is null or t.assignee is null or t.assignee = :actor)
                and (:tags is null or exists (select 1 from task_tags x where x.task_id = t.id
                     and x.tag_id in (select value from json_each(:tags))))
            order by t.lease_expires_at limit +:count
            """,  # noqa: S608 - a constant select list
            board_id=board_id,
            now=now,
            actor=actor,
            tags=ids(tags),
            count=count,
        )
        return [listed(row, row["lease_expires_at"]) for row in rows]

    def renew(self, task_id: int, expires_at: str) -> None:
        """Push a running lease's end."""
        self._db.run(
            "claims.renew",
            "update tasks set lease_expires_at = :expires_at where id = :id and claimed_by is not null",
            id=task_id,
            expires_at=expires_at,
        )

    def holders(self, board_id: int, count: int) -> list[Holder]:
        """Who holds what on a board, the lease that ends first at the top."""
        rows = self._db.all(
            "claims.holders",
            """
            select id, claimed_by, lease, lease_expires_at, coalesce(
                (select max(at) from changes where task_id = t.id and action = 'claimed'), updated_at) as since
            from tasks t where board_id = :board_id and claimed_by is not null
            order by lease_expires_at limit +:count
            """,
            board_id=board_id,
            count=count,
        )
        return [
            Holder(row["id"], row["claimed_by"], row["lease"], row["since"], row["lease_expires_at"]) for row in rows
        ]

    def waiting(self, board_id: int, now: str) -> Waiting:
        """What stands between the board and ready work."""
        row = self._db.one(
            "claims.waiting",
            """
            select
                (select count(*) from (select 1 from tasks where board_id = :board_id and blocked_by > 0
                    and completed_at is null and archived_at is null limit 100)) as blocked,
                (select count(*) from (select 1 from tasks where board_id = :board_id and claimed_by is not null
                    and lease_expires_at > :now limit 100)) as held,
                (select min(lease_expires_at) from tasks where board_id = :board_id and claimed_by is not null
                    and lease_expires_at > :now) as next_expiry
            """,
            board_id=board_id,
            now=now,
        )
        assert row is not None
        return Waiting(*row)
