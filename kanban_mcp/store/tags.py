"""Tags, as rows."""

from kanban_mcp.models.tag import Tag
from kanban_mcp.store.database import Database, Row


class TagStore:
    """The tables `tags` and `task_tags`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, tag_id: int) -> Tag | None:
        """A tag by id."""
        row = self._db.one(
            "tags.get",
            """
            select g.id, g.name, p.name as parent, g.color, 0 as tasks
            from tags g left join tags p on p.id = g.parent_id where g.id = :id
            """,
            id=tag_id,
        )
        return None if row is None else _tag(row)

    def named(self, name: str) -> Tag | None:
        """A tag by name, whatever its letter case."""
        row = self._db.one(
            "tags.named",
            """
            select g.id, g.name, p.name as parent, g.color, 0 as tasks
            from tags g left join tags p on p.id = g.parent_id where g.name = :name
            """,
            name=name,
        )
        return None if row is None else _tag(row)

    def page(self, *, after: str, count: int) -> list[Tag]:
        """Tags by name, after a name, with how many unarchived tasks carry each.

        A caller limited to boards gets the tags that tasks there carry, without what they are below.
        """
        rows = self._db.all(
            "tags.page",
            """
            with archived (tag_id, tasks) as materialized (
                select x.tag_id, count(*) from tasks t cross join task_tags x on x.task_id = t.id
                where t.archived_at is not null group by x.tag_id
            )
            select g.id, g.name, case when :boards is null then p.name end as parent, g.color,
                case when :boards is null then
                    (select count(*) from task_tags where tag_id = g.id)
                    - coalesce((select tasks from archived where tag_id = g.id), 0)
                else
                    (select count(*) from task_tags x join tasks t on t.id = x.task_id
                     where x.tag_id = g.id and t.archived_at is null
                        and t.board_id in (select value from json_each(:boards)))
                end as tasks
            from tags g left join tags p on p.id = g.parent_id
            where g.name > :after and (:boards is null or exists (
                select 1 from task_tags x join tasks t on t.id = x.task_id
                where x.tag_id = g.id and t.board_id in (select value from json_each(:boards))))
            order by g.name limit +:count
            """,
            boards=self._db.seen,
            after=after,
            count=count,
        )
        return [_tag(row) for row in rows]

    def insert(self, name: str, *, parent_id: int | None, color: str) -> int:
        """A new tag."""
        return self._db.insert(
            "tags.insert",
            "insert into tags (name, parent_id, color) values (:name, :parent_id, :color)",
            name=name,
            parent_id=parent_id,
            color=color,
        )

    def save(self, tag_id: int, *, name: str, parent_id: int | None, color: str) -> None:
        """Write back a tag."""
        self._db.run(
            "tags.save",
            "update tags set name = :name, parent_id = :parent_id, color = :color where id = :id",
            id=tag_id,
            name=name,
            parent_id=parent_id,
            color=color,
        )

    def restore(self, tag_id: int, name: str, *, parent_id: int | None, color: str) -> None:
        """A deleted tag again, with its id."""
        self._db.run(
            "tags.restore",
            "insert into tags (id, name, parent_id, color) values (:id, :name, :parent_id, :color)",
            id=tag_id,
            name=name,
            parent_id=parent_id,
            color=color,
        )

    def delete(self, tag_id: int) -> None:
        """Delete a tag and take it off all tasks. Its children stay, without parent."""
        self._db.run("tags.delete", "delete from tags where id = :id", id=tag_id)

    def carriers(self, tag_id: int) -> list[int]:
        """The tasks that carry a tag itself, archived ones too."""
        rows = self._db.all("tags.carriers", "select task_id from task_tags where tag_id = :id", id=tag_id)
        return [row["task_id"] for row in rows]

    def visible(self, tag_id: int) -> bool:
        """Whether the caller may know of a tag: some task they may see carries it, or they see everything."""
        return self._db.seen is None or bool(
            self._db.value(
                "tags.visible",
                """
                select exists (
                    select 1 from task_tags x join tasks t on t.id = x.task_id
                    where x.tag_id = :id and t.board_id in (select value from json_each(:boards)))
                """,
                id=tag_id,
                boards=self._db.seen,
            )
        )

    def with_descendants(self, tag_id: int) -> list[int]:
        """A tag and all below it."""
        rows = self._db.all(
            "tags.descendants",
            """
            with recursive below (id) as (
                select :id union select g.id from tags g join below on g.parent_id = below.id
            )
            select id from below
            """,
            id=tag_id,
        )
        return [row["id"] for row in rows]

    def of_task(self, task_id: int) -> list[str]:
        """The names of a task's tags, in alphabetical order."""
        rows = self._db.all(
            "tags.of_task",
            """
            select g.name from task_tags x join tags g on g.id = x.tag_id where x.task_id = :task_id order by g.name
            """,
            task_id=task_id,
        )
        return [row["name"] for row in rows]

    def add(self, task_id: int, tag_id: int) -> None:
        """Put a tag on a task that lacks it."""
        self._db.run(
            "tags.add",
            "insert into task_tags (task_id, tag_id) values (:task_id, :tag_id)",
            task_id=task_id,
            tag_id=tag_id,
        )

    def remove(self, task_id: int, tag_id: int) -> None:
        """Take a tag off a task."""
        self._db.run(
            "tags.remove",
            "delete from task_tags where task_id = :task_id and tag_id = :tag_id",
            task_id=task_id,
            tag_id=tag_id,
        )


def _tag(row: Row) -> Tag:
    return Tag(**dict(row))
