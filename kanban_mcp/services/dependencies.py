"""Links between tasks."""

from kanban_mcp.errors import Invalid, NotFound
from kanban_mcp.models.fields import Id, LinkKind
from kanban_mcp.models.task import Edge, Task
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.holding import Holding
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store


class Dependencies:
    """Operations on links."""

    def __init__(self, store: Store, writing: Writing, blocking: Blocking, holding: Holding) -> None:
        self._store = store
        self._writing = writing
        self._blocking = blocking
        self._holding = holding

    def link_tasks(self, task_id: Id, depends_on: Id, kind: LinkKind = "blocks") -> Edge:
        """Make a task wait for another (`blocks`), or just relate them. Circles are refused."""
        task, needed = self._ends(task_id, depends_on)
        before = self._store.dependencies.kind(task_id, depends_on)
        if before == kind:
            return self._edge(task_id, depends_on, kind, unchanged=True)
        if kind == "blocks":
            self._blocking.check_acyclic(task_id, depends_on)
        self._store.dependencies.put(task_id, depends_on, kind)
        if needed.open and kind == "blocks":
            self._blocking.add(task_id, 1)
        elif needed.open and before == "blocks":
            self._blocking.add(task_id, -1)
        self._log("linked", task, depends_on, before, kind)
        return self._edge(task_id, depends_on, kind)

    def unlink_tasks(self, task_id: Id, depends_on: Id) -> Edge:
        """Take the link from a task to another away."""
        task, needed = self._ends(task_id, depends_on)
        kind = self._store.dependencies.kind(task_id, depends_on)
        if kind is None:
            raise NotFound(f"Task {task_id} has no link to {depends_on}.", hint="get_task shows the links of a task.")
        self._store.dependencies.delete(task_id, depends_on)
        if needed.open and kind == "blocks":
            self._blocking.add(task_id, -1)
        self._log("unlinked", task, depends_on, kind, None)
        return self._edge(task_id, depends_on, kind)

    def _ends(self, task_id: int, depends_on: int) -> tuple[Task, Task]:
        task, needed = self._writing.writable(task_id), self._writing.get(depends_on)
        if task_id == depends_on:
            raise Invalid("A task cannot wait for itself.", hint="Name another task.")
        if task.board_id != needed.board_id:
            raise Invalid(f"Task {depends_on} is on another board.", hint="Link tasks of one board only.")
        self._holding.renew(task)
        return task, needed

    def _edge(self, task_id: int, depends_on: int, kind: str, *, unchanged: bool = False) -> Edge:
        blocked_by = self._writing.get(task_id).blocked_by
        return Edge(task_id=task_id, depends_on=depends_on, kind=kind, blocked_by=blocked_by, unchanged=unchanged)

    def _log(self, action: str, task: Task, depends_on: int, before: str | None, after: str | None) -> None:
        self._store.changes.record(
            action,
            "dependency",
            task.id,
            board_id=task.board_id,
            task_id=task.id,
            before={"depends_on": depends_on, "kind": before} if before else None,
            after={"depends_on": depends_on, "kind": after} if after else None,
        )
