"""Tasks, as rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from kanban_mcp.models.position import between
from kanban_mcp.models.task import Task, TaskLink, TaskRow
from kanban_mcp.store.database import Database, Row

LISTED = """
    t.id, t.title, t.status, t.priority, t.assignee, t.claimed_by, t.blocked_by, t.position,
    (select group_concat(g.name) from task_tags x join tags g on g.id = x.tag_id where x.task_id = t.id) as tags
"""
"""The select list that `listed` turns into a TaskRow; the tasks are `t`."""
CARRIERS = """
    (select distinct task_id from task_tags where tag_id in (select value from json_each(:tags))) x
    cross join tasks t on t.id = x.task_id
"""
"""The tasks `t` that carry one of some tags, for where that are few: they are all read, then sorted."""
_FEW = 300


class Filters(NamedTuple):
    """What tasks of a list must have; None and False filter nothing. `tags` are ids of which a task has at least one.

    `blocked` are open and wait for something, `due_before` are open and due before a moment.
    """

    assignee: str | None = None
    tags: list[int] | None = None
    parent_id: int | None = None
    blocked: bool = False
    due_before: str | None = None


NO_FILTERS = Filters()
_FILTERED = """
    (not :blocked or (t.blocked_by > 0 and t.completed_at is null))
    and (:due_before is null or (t.due_at < :due_before and t.completed_at is null))
    and (:tags is null or exists (select 1 from task_tags x where x.task_id = t.id
         and x.tag_id in (select value from json_each(:tags))))
"""


class TaskStore:
    """The table `tasks`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, task_id: int) -> Task | None:
        """A task by id, archived or not, if the caller may see its board."""
        row = self._db.one("tasks.get", "select * from tasks where id = :id", id=task_id)
        return task(row) if row is not None and self._db.transaction.caller.sees(row["board_id"]) else None

    def insert(self, new: dict[str, Any]) -> int:
        """A new task from the values of its columns; its id."""
        return self._db.insert(
            "tasks.insert",
            """
            insert into tasks (board_id, status, position, priority, title, description, acceptance, assignee,
                created_by, parent_id, due_at, created_at, updated_at, started_at, completed_at)
            values (:board_id, :status, :position, :priority, :title, :description, :acceptance, :assignee,
                :created_by, :parent_id, :due_at, :created_at, :updated_at, :started_at, :completed_at)
            """,
            **{**new, "acceptance": _checklist(new["acceptance"])},
        )

    def save(self, task: Task) -> None:
        """Write back everything in a task that may change, except the count of its blockers."""
        self._db.run(
            "tasks.save",
            """
            update tasks set title = :title, description = :description, acceptance = :acceptance,
                priority = :priority, assignee = :assignee, parent_id = :parent_id, due_at = :due_at,
                status = :status, position = :position, version = :version, updated_at = :updated_at,
                started_at = :started_at, completed_at = :completed_at, archived_at = :archived_at,
                claimed_by = :claimed_by, lease = :lease, lease_expires_at = :lease_expires_at,
                attempts = :attempts
            where id = :id
            """,
            **{
                **task.model_dump(exclude={"board_id", "created_at", "created_by", "blocked_by"}),
                "acceptance": _checklist(task.acceptance),
                "position": task.position,
            },
        )

    def delete(self, task_id: int) -> None:
        """Delete a task with its notes, tags and links; its subtasks stay, without parent."""
        self._db.run("tasks.delete", "delete from tasks where id = :id", id=task_id)

    def subtasks(self, parent_id: int, count: int) -> list[TaskLink]:
        """The unarchived subtasks of a task, oldest first."""
        rows = self._db.all(
            "tasks.subtasks",
            """
            select id, title, status, completed_at is null as open from tasks
            where parent_id = :parent_id and archived_at is null order by id limit +:count
            """,
            parent_id=parent_id,
            count=count,
        )
        return [link(row) for row in rows]

    def restore(self, task: Task) -> None:
        """A deleted task again, with its id and fields, blocked by nothing yet."""
        values = {**task.model_dump(exclude={"blocked_by"}), "position": task.position}
        self._db.run(
            "tasks.restore",
            """
            insert into tasks (id, board_id, status, position, priority, title, description, acceptance, assignee,
                created_by, parent_id, due_at, version, created_at, updated_at, started_at, completed_at, archived_at,
                claimed_by, lease, lease_expires_at, attempts)
            values (:id, :board_id, :status, :position, :priority, :title, :description, :acceptance, :assignee,
                :created_by, :parent_id, :due_at, :version, :created_at, :updated_at, :started_at, :completed_at,
                :archived_at, :claimed_by, :lease, :lease_expires_at, :attempts)
            """,
            **{**values, "acceptance": _checklist(task.acceptance)},
        )

    # Places

    def at(self, board_id: int, status: str, position: str) -> int | None:
        """The task at a place of a column, if there is one."""
        found: int | None = self._db.value(
            "tasks.at",
            """
            select id from tasks
            where board_id = :board_id and status = :status and position = :position and archived_at is null
            """,
            board_id=board_id,
            status=status,
            position=position,
        )
        return found

    def end_of(self, board_id: int, status: str) -> str:
        """The order key after the last task of a column."""
        last = self._db.value(
            "tasks.last_position",
            """
            select max(position) from tasks where board_id = :board_id and status = :status and archived_at is null
            """,
            board_id=board_id,
            status=status,
        )
        return between(last, None)

    def beside(self, neighbour: Task, *, before: bool, moving: int) -> str:
        """The order key right before or right after a task, as if the moving task were gone."""
        if before:
            low = self._db.value(
                "tasks.previous_position",
                """
                select max(position) from tasks where board_id = :board_id and status = :status
                    and archived_at is null and position < :position and id <> :moving
                """,
                board_id=neighbour.board_id,
                status=neighbour.status,
                position=neighbour.position,
                moving=moving,
            )
            return between(low, neighbour.position)
        high = self._db.value(
            "tasks.next_position",
            """
            select min(position) from tasks where board_id = :board_id and status = :status
                and archived_at is null and position > :position and id <> :moving
            """,
            board_id=neighbour.board_id,
            status=neighbour.status,
            position=neighbour.position,
            moving=moving,
        )
        return between(neighbour.position, high)

    # Lists

    def page(
        self, board_id: int, status: str, *, after: str, count: int, filters: Filters = NO_FILTERS
    ) -> list[TaskRow]:
        """The tasks of a column in order, after an order key."""
        name, source = self._source(filters)
        where = "" if filters.assignee is None else "and t.assignee = :assignee"
        where += "" if filters.parent_id is None else " and t.parent_id = :parent_id"
        rows = self._db.all(
            name,
            f"""
            select {LISTED} from {source}
            where t.board_id = :board_id {where} and t.status = :status
                and t.archived_at is null and t.position > :after and {_FILTERED}
            order by t.position limit +:count
            """,  # noqa: S608 - constant parts
            board_id=board_id,
            status=status,
            after=after,
            count=count,
            **{**filters._asdict(), "tags": ids(filters.tags)},
        )
        return [listed(row) for row in rows]

    def _source(self, filters: Filters) -> tuple[str, str]:
        """The name and the source of a page's statement: it starts from the filter that leaves least."""
        if filters.parent_id is not None:
            return "tasks.of_parent", "tasks t indexed by tasks_children"
        if few_carry(self._db, filters.tags):
            return "tasks.tagged", CARRIERS
        return ("tasks.page" if filters.assignee is None else "tasks.assigned"), "tasks t"

    def archived(self, board_id: int, *, before: int, count: int) -> list[TaskRow]:
        """A board's archived tasks, newest first, below an id."""
        rows = self._db.all(
            "tasks.archived",
            f"""
            select {LISTED} from tasks t
            where t.board_id = :board_id and t.archived_at is not null and t.id < :before
            order by t.id desc limit +:count
            """,  # noqa: S608 - a constant select list
            board_id=board_id,
            before=before,
            count=count,
        )
        return [listed(row) for row in rows]

    def finished(self, board_id: int, status: str | None, *, before: str, before_id: int, count: int) -> list[TaskRow]:
        """A board's finished tasks, in one column or all, newest first, below a moment and, at that moment, an id."""
        rows = self._db.all(
            "tasks.finished",
            f"""
            select {LISTED}, t.completed_at from tasks t
            where t.board_id = :board_id and t.completed_at is not null and t.archived_at is null
                and (:status is null or t.status = :status) and (t.completed_at, t.id) < (:before, :before_id)
            order by t.completed_at desc, t.id desc limit :count
            """,  # noqa: S608 - a constant select list
            board_id=board_id,
            status=status,
            before=before,
            before_id=before_id,
            count=count,
        )
        return [listed(row)._replace(completed_at=row["completed_at"]) for row in rows]

    def listed(self, task_ids: list[int]) -> list[TaskRow]:
        """These tasks as list rows, in the order of the ids."""
        rows = self._db.all(
            "tasks.listed",
            f"""
            select {LISTED} from json_each(:ids) i cross join tasks t on t.id = i.value order by i.key
            """,  # noqa: S608 - a constant select list
            ids=ids(task_ids),
        )
        return [listed(row) for row in rows]

    def several(self, task_ids: list[int]) -> list[Task]:
        """These tasks whole, in the order of the ids."""
        rows = self._db.all(
            "tasks.several",
            "select t.* from json_each(:ids) i cross join tasks t on t.id = i.value order by i.key",
            ids=ids(task_ids),
        )
        return [task(row) for row in rows]


def task(row: Row) -> Task:
    """A row of `tasks` as a model."""
    values = dict(zip(row.keys(), row, strict=True))
    return Task.model_validate({**values, "acceptance": from_json(values["acceptance"])})


def link(row: Row) -> TaskLink:
    """A row with id, title, status and open as a model."""
    return TaskLink(id=row["id"], title=row["title"], status=row["status"], open=bool(row["open"]))


def listed(row: Row, claimable_since: str | None = None) -> TaskRow:
    """A row made by `LISTED` as a list row."""
    return TaskRow(
        row["id"],
        row["title"],
        row["status"],
        row["priority"],
        row["assignee"],
        row["claimed_by"],
        row["blocked_by"],
        # Here and not in the statement: there it would sort in a temporary index for each row.
        sorted(row["tags"].split(","), key=str.lower) if row["tags"] else [],
        row["position"],
        claimable_since,
    )


def few_carry(database: Database, tags: list[int] | None) -> bool:
    """Whether some tags are so rare that a list is made from their carriers rather than by looking for these in it."""
    if tags is None:
        return False
    found: int = database.value(
        "tasks.carriers",
        """
        select count(*) from (
            select 1 from task_tags where tag_id in (select value from json_each(:tags)) limit +:few)
        """,
        tags=ids(tags),
        few=_FEW,
    )
    return found < _FEW


def ids(values: list[int] | None) -> str | None:
    """Ids as the JSON array that statements unpack; None filters nothing."""
    return None if values is None else to_json(values).decode()


def _checklist(items: Sequence[str]) -> str:
    return to_json(items).decode()
