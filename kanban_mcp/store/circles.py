"""What waits for itself: tasks in a circle of links and subtasks, tags among their own ancestors."""

from collections.abc import Iterable

from kanban_mcp.models.finding import Finding
from kanban_mcp.store.database import Database


class Circles:
    """Finds circles and breaks each at the link that closes it. In the transaction of this thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def found(self) -> list[Finding]:
        """A finding a circle."""
        tasks = [
            Finding(
                check="circles",
                message=f"Task {task} and task {needed} wait for each other, in the end.",
                mend="turns the last link of the circle into a mere relation, or takes the parent off",
            )
            for task, needed in closing(self._needs())
        ]
        tags = [
            Finding(
                check="circles",
                message=f"Tag {tag} is among the ancestors of its own parent.",
                mend="takes the tag's parent off",
            )
            for tag, _ in closing(self._parents())
        ]
        return tasks + tags

    def break_(self) -> None:
        """Break all circles."""
        for task, needed in closing(self._needs()):
            ends = {"task": task, "needed": needed}
            self._db.run(
                "circles.links",
                "update dependencies set kind = 'relates' where task_id = :task and depends_on = :needed",
                **ends,
            )
            self._db.run(
                "circles.subtasks", "update tasks set parent_id = null where id = :needed and parent_id = :task", **ends
            )
        for tag, _ in closing(self._parents()):
            self._db.run("circles.tags", "update tags set parent_id = null where id = :id", id=tag)

    def _needs(self) -> list[tuple[int, int]]:
        return self._db.tuples(
            "circles.needs",
            """
            select task_id, depends_on from dependencies where kind = 'blocks'
            union select parent_id, id from tasks where parent_id is not null order by 1, 2
            """,
        )

    def _parents(self) -> list[tuple[int, int]]:
        return self._db.tuples(
            "circles.parents", "select id, parent_id from tags where parent_id is not null order by id"
        )


def closing(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The edges without which no circle is left: those that a walk in depth finds leading back on its own way."""
    following: dict[int, list[int]] = {}
    for start, end in edges:
        following.setdefault(start, []).append(end)
    found, seen = [], set()
    for root in following:
        if root in seen:
            continue
        seen.add(root)
        way = {root: iter(following[root])}
        while way:
            here = next(reversed(way))
            onward = next(way[here], None)
            if onward is None:
                del way[here]
            elif onward in way:
                found.append((here, onward))
            elif onward not in seen:
                seen.add(onward)
                way[onward] = iter(following.get(onward, ()))
    return found
