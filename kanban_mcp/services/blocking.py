"""What waits for what: keeps every task's count of open blockers right, in the transaction that changes it."""

from kanban_mcp.errors import Conflict, WouldCycle
from kanban_mcp.models.task import Task, TaskLink
from kanban_mcp.store.store import Store


class Blocking:
    """A task is blocked by each open task it depends on, and by each of its open subtasks.

    The log tells when an open task begins and ends to wait, and that it waits when it is opened again; a task that is
    not open waits for nothing, whatever its count.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def closed(self, task: Task) -> list[int]:
        """The task stopped being open: who waited for it waits for one less. Returns who waits for none now."""
        return [waiting for waiting in self._store.dependencies.waiting_for(task.id) if self.add(waiting, -1)]

    def opened(self, task: Task) -> None:
        """The task is open again: who depends on it waits again."""
        for waiting in self._store.dependencies.waiting_for(task.id):
            self.add(waiting, 1)

    def changed(self, before: Task, after: Task) -> list[int]:
        """`closed` or `opened`, if that is what happened. Returns who was freed by it."""
        if before.open and not after.open:
            return self.closed(after)
        if after.open and not before.open:
            self.opened(after)
            if after.blocked_by:
                self._log(after.id, after.board_id, "blocked", 0, after.blocked_by)
        return []

    def add(self, task_id: int, number: int) -> bool:
        """Count blockers of a task up or down; True when it became free. Both turns are logged."""
        now = self._store.dependencies.add_blockers(task_id, number)
        freed, stopped = now.blocked_by == 0, now.blocked_by == number > 0
        if now.open and (freed or stopped):
            turn = "unblocked" if freed else "blocked"
            self._log(task_id, now.board_id, turn, now.blocked_by - number, now.blocked_by)
        return now.open and freed

    def _log(self, task_id: int, board_id: int, action: str, before: int, after: int) -> None:
        sides = {"before": {"blocked_by": before}, "after": {"blocked_by": after}}
        self._store.changes.record(action, "task", task_id, board_id=board_id, task_id=task_id, **sides)

    def check_free(self, task: Task) -> None:
        """Raise Conflict, naming what is open, when the task still waits for something."""
        if not task.blocked_by:
            return
        waits_for = [link for link in self._store.dependencies.blockers(task.id, 10) if link.open]
        waits_for += [link for link in self._store.tasks.subtasks(task.id, 100) if link.open][:10]
        raise Conflict(
            f"Task {task.id} still waits for {_named(waits_for)}.",
            hint="Complete those first, or take the link away with unlink_tasks.",
            current={"id": task.id, "blocked_by": task.blocked_by},
        )

    def check_acyclic(self, task_id: int, needs: int) -> None:
        """Raise WouldCycle, showing the way round, if `needs` already waits for the task."""
        came_from: dict[int, int] = {needs: task_id}
        front = [needs]
        while front:
            following = []
            for waiting, needed in self._store.dependencies.needs(front):
                if needed == task_id:
                    raise _cycle(task_id, waiting, came_from)
                if needed not in came_from:
                    came_from[needed] = waiting
                    following.append(needed)
            front = following


def _cycle(task_id: int, last: int, came_from: dict[int, int]) -> WouldCycle:
    path = [task_id, last]
    while path[-1] != task_id:
        path.append(came_from[path[-1]])
    path.reverse()
    return WouldCycle(
        f"Task {task_id} would wait for itself: {' -> '.join(map(str, path))}.",
        hint="Each arrow reads 'waits for'. Remove one of those links first, or link the other way.",
        current={"path": path},
    )


def _named(links: list[TaskLink]) -> str:
    return ", ".join(f"{link.id} ({link.title}, {link.status})" for link in links) or "other tasks"
