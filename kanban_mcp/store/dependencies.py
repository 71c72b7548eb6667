"""Which task waits for which, as rows; and the counts of open blockers that hang on it."""

from typing import NamedTuple

from kanban_mcp.models.task import TaskLink
from kanban_mcp.store.database import Database
from kanban_mcp.store.tasks import ids, link


class Affected(NamedTuple):
    """A task whose count of open blockers changed, and what it is now."""

    task_id: int
    board_id: int
    blocked_by: int
    open: bool


class DependencyStore:
    """The table `dependencies`, and `tasks.blocked_by`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def kind(self, task_id: int, depends_on: int) -> str | None:
        """How two tasks are linked in this direction, if at all."""
        kind: str | None = self._db.value(
            "dependencies.kind",
            "select kind from dependencies where task_id = :task_id and depends_on = :depends_on",
            task_id=task_id,
            depends_on=depends_on,
        )
        return kind

    def put(self, task_id: int, depends_on: int, kind: str) -> None:
        """Link two tasks, or change the kind of their link."""
        self._db.run(
            "dependencies.put",
            """
            insert into dependencies (task_id, depends_on, kind) values (:task_id, :depends_on, :kind)
            on conflict (task_id, depends_on) do update set kind = excluded.kind
            """,
            task_id=task_id,
            depends_on=depends_on,
            kind=kind,
        )

    def delete(self, task_id: int, depends_on: int) -> None:
        """Unlink two tasks."""
        self._db.run(
            "dependencies.delete",
            "delete from dependencies where task_id = :task_id and depends_on = :depends_on",
            task_id=task_id,
            depends_on=depends_on,
        )

    def add_blockers(self, task_id: int, number: int) -> Affected:
        """Change a task's count of open blockers."""
        rows = self._db.all(
            "dependencies.add_blockers",
            """
            update tasks set blocked_by = blocked_by + :number where id = :id
            returning id, board_id, blocked_by, completed_at is null and archived_at is null as open
            """,
            id=task_id,
            number=number,
        )
        return Affected(*rows[0])

    def waiting_for(self, task_id: int) -> list[int]:
        """The tasks that a task blocks: by link, then its parent; one that is both appears twice."""
        rows = self._db.all(
            "dependencies.waiting_for",
            """
            select task_id as id from dependencies where depends_on = :id and kind = 'blocks'
            union all select parent_id from tasks where id = :id and parent_id is not null
            """,
            id=task_id,
        )
        return [row["id"] for row in rows]

    def blockers(self, task_id: int, count: int) -> list[TaskLink]:
        """What a task waits for by link, open ones first."""
        rows = self._db.all(
            "dependencies.blockers",
            """
            select t.id, t.title, t.status, t.completed_at is null and t.archived_at is null as open
            from dependencies d join tasks t on t.id = d.depends_on
            where d.task_id = :id and d.kind = 'blocks' order by open desc, t.id limit +:count
            """,
            id=task_id,
            count=count,
        )
        return [link(row) for row in rows]

    def blocked(self, task_id: int, count: int) -> list[TaskLink]:
        """What waits for a task by link and is not finished."""
        rows = self._db.all(
            "dependencies.blocked",
            """
            select t.id, t.title, t.status, 1 as open
            from dependencies d join tasks t on t.id = d.task_id
            where d.depends_on = :id and d.kind = 'blocks' and t.completed_at is null and t.archived_at is null
            order by t.id limit +:count
            """,
            id=task_id,
            count=count,
        )
        return [link(row) for row in rows]

    def related(self, task_id: int, count: int) -> list[TaskLink]:
        """What a task is related to, from either side."""
        rows = self._db.all(
            "dependencies.related",
            """
            select t.id, t.title, t.status, t.completed_at is null and t.archived_at is null as open
            from (select depends_on as id from dependencies where task_id = :id and kind = 'relates'
                  union select task_id from dependencies where depends_on = :id and kind = 'relates') r
            join tasks t on t.id = r.id order by t.id limit +:count
            """,
            id=task_id,
            count=count,
        )
        return [link(row) for row in rows]

    def neighbours(self, task_id: int) -> list[tuple[int, str]]:
        """All tasks linked to a task, open or not, with what they are: `blocker` `blocked` `related` `subtask`."""
        rows = self._db.all(
            "dependencies.neighbours",
            """
            select depends_on, case kind when 'blocks' then 'blocker' else 'related' end from dependencies
                where task_id = :id
            union all
            select task_id, case kind when 'blocks' then 'blocked' else 'related' end from dependencies
                where depends_on = :id
            union all
            select id, 'subtask' from tasks where parent_id = :id
            """,
            id=task_id,
        )
        return [(row[0], row[1]) for row in rows]

    def needed_by_link(self, task_id: int) -> list[tuple[int, str]]:
        """All links from a task: (other task, kind)."""
        rows = self._db.all(
            "dependencies.from", "select depends_on, kind from dependencies where task_id = :id", id=task_id
        )
        return [(row[0], row[1]) for row in rows]

    def needing_by_link(self, task_id: int) -> list[tuple[int, str]]:
        """All links to a task: (other task, kind)."""
        rows = self._db.all(
            "dependencies.to", "select task_id, kind from dependencies where depends_on = :id", id=task_id
        )
        return [(row[0], row[1]) for row in rows]

    def children(self, task_id: int) -> list[int]:
        """All subtasks of a task, archived ones too."""
        rows = self._db.all("dependencies.children", "select id from tasks where parent_id = :id", id=task_id)
        return [row["id"] for row in rows]

    def needs(self, task_ids: list[int]) -> list[tuple[int, int]]:
        """Pairs (task, what it waits for) of these tasks: links of kind `blocks`, and subtasks."""
        rows = self._db.all(
            "dependencies.needs",
            """
            select d.task_id, d.depends_on from json_each(:ids) i
                cross join dependencies d on d.task_id = i.value where d.kind = 'blocks'
            union all
            select t.parent_id, t.id from json_each(:ids) i cross join tasks t on t.parent_id = i.value
            """,
            ids=ids(task_ids),
        )
        return [(row[0], row[1]) for row in rows]

    def around(self, task_ids: list[int], count: int) -> list[tuple[int, int, str]]:
        """All edges (task, waits for, kind) that touch these tasks."""
        rows = self._db.all(
            "dependencies.around",
            """
            select d.task_id, d.depends_on, d.kind from json_each(:ids) i
                cross join dependencies d on d.task_id = i.value
            union
            select d.task_id, d.depends_on, d.kind from json_each(:ids) i
                cross join dependencies d on d.depends_on = i.value
            union
            select t.parent_id, t.id, 'subtask' from json_each(:ids) i cross join tasks t on t.parent_id = i.value
            union
            select t.parent_id, t.id, 'subtask' from json_each(:ids) i
                cross join tasks t on t.id = i.value where t.parent_id is not null
            limit +:count
            """,
            ids=ids(task_ids),
            count=count,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def links(self, task_ids: list[int]) -> list[TaskLink]:
        """These tasks, as seen from others."""
        rows = self._db.all(
            "dependencies.links",
            """
            select t.id, t.title, t.status, t.completed_at is null and t.archived_at is null as open
            from json_each(:ids) i cross join tasks t on t.id = i.value order by t.id
            """,
            ids=ids(task_ids),
        )
        return [link(row) for row in rows]
