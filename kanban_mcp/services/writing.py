"""Writing to tasks: every change of a task passes here, so that it is checked, counted, versioned and logged."""

from typing import Any

from kanban_mcp.errors import Conflict, NotFound, StaleVersion
from kanban_mcp.models.board import Column
from kanban_mcp.models.record import diff
from kanban_mcp.models.task import Task
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.holding import Holding
from kanban_mcp.store.store import Store

RELEASED: dict[str, Any] = {"claimed_by": None, "lease_expires_at": None}
"""What a task has when nobody holds it; the lease number stays, so that the next one is higher."""


class Writing:
    """Reads, checks and saves one task at a time."""

    def __init__(self, store: Store, boards: Boards, blocking: Blocking, holding: Holding) -> None:
        self._store = store
        self._boards = boards
        self._blocking = blocking
        self._holding = holding

    def get(self, task_id: int) -> Task:
        """A task by id. Raises NotFound."""
        task = self._store.tasks.get(task_id)
        if task is None:
            raise NotFound(f"There is no task {task_id}.", hint="list_tasks and search show the tasks there are.")
        return task

    def writable(self, task_id: int, *, archived: bool = False) -> Task:
        """A task that may be written. Raises NotFound, or Conflict when it or its board is archived."""
        task = self.get(task_id)
        self._boards.resolve(task.board_id, writing=True)
        if task.archived_at is not None and not archived:
            raise Conflict(
                f"Task {task_id} is archived.",
                hint=f"Restore it: archive_task(task_id={task_id}, archived=false).",
            )
        return task

    def check_version(self, task: Task, version: int | None, fields: set[str]) -> None:
        """Two changes of different fields go together; one of the same field since `version` is refused."""
        if version is None or version == task.version:
            return
        changed = self._store.changes.fields_changed(task.id, version)
        touched = None if changed is None else changed & fields
        if touched is None or touched:
            what = ", ".join(sorted(touched or ())) or "it"
            raise StaleVersion(
                f"Task {task.id} is at version {task.version}; {what} changed since version {version}.",
                hint="Look at what is current, then repeat the call with its version.",
                current={**task.lean(), "tags": self._store.tags.of_task(task.id)},
            )

    def save(
        self,
        action: str,
        before: Task,
        changes: dict[str, Any],
        lease: int | None,
        *,
        extra: tuple[str, list[str], list[str]] = ("", [], []),
    ) -> Task:
        """Write and log what differs; nothing when nothing does. The holder's lease is renewed either way."""
        field, old_extra, new_extra = extra
        changed = before.model_copy(update=changes)
        if changed == before and old_extra == new_extra:
            self._holding.renew(before, lease)
            return self.get(before.id)
        after = changed.model_copy(update={"version": before.version + 1, "updated_at": self._store.now})
        if after.claimed_by == before.claimed_by:
            after = self._holding.renewed(after, lease)
        self._store.tasks.save(after)
        old, new = diff(before, after)
        for side in (old, new):
            side.pop("updated_at", None)
            if after.lease == before.lease and after.claimed_by == before.claimed_by:
                side.pop("lease_expires_at", None)
        if after.position != before.position:
            old["position"], new["position"] = before.position, after.position
        if old_extra != new_extra:
            old[field], new[field] = old_extra, new_extra
        self._store.changes.record(
            action, "task", after.id, board_id=after.board_id, task_id=after.id, before=old, after=new
        )
        return self.get(after.id)

    def move(
        self,
        task: Task,
        column: Column,
        *,
        position: str | None = None,
        lease: int | None = None,
        action: str = "moved",
        changes: dict[str, Any] | None = None,
    ) -> tuple[Task, list[int]]:
        """Put a task into a column under all rules of columns; the task, and what it freed."""
        entering, now = column.status != task.status, self._store.now
        if entering:
            self._boards.check_room(column)
        if column.category == "done" and task.completed_at is None:
            self._blocking.check_free(task)
        moved: dict[str, Any] = {"status": column.status}
        moved["position"] = position or self._store.tasks.end_of(task.board_id, column.status)
        moved["completed_at"] = (task.completed_at or now) if column.category == "done" else None
        if column.category == "active":
            moved["started_at"] = task.started_at or now
        elif entering:
            moved |= RELEASED
        after = self.save(action, task, {**moved, **(changes or {})}, lease)
        return after, self._blocking.changed(task, after)
