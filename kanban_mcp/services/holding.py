"""Who may write to a claimed task."""

from kanban_mcp.errors import Held
from kanban_mcp.models.task import Task
from kanban_mcp.store.clock import later
from kanban_mcp.store.store import Store

LEASE_SECONDS = 1800.0


class Holding:
    """Leases: a claim is good until it expires, and any write of the holder renews it."""

    def __init__(self, store: Store, *, seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._seconds = seconds

    def until(self) -> str:
        """When a lease taken or renewed now ends."""
        return later(self._store.now, self._seconds)

    def is_holder(self, task: Task, lease: int | None) -> bool:
        """Whether the caller holds the task: by the current lease, or without one by its name."""
        if task.claimed_by is None:
            return False
        return lease == task.lease if lease is not None else task.claimed_by == self._store.actor

    def check_lease(self, task: Task, lease: int | None) -> None:
        """Raise Held if the caller names a lease that is not the current one."""
        if lease is not None and not self.is_holder(task, lease):
            raise self._refusal(task, lease)

    def check_free(self, task: Task, lease: int | None) -> None:
        """Raise Held if another holds the task, or the caller names a lease that is not the current one."""
        self.check_lease(task, lease)
        if task.held_at(self._store.now) and not self.is_holder(task, lease):
            raise self._refusal(task, lease)

    def renew(self, task: Task, lease: int | None = None) -> None:
        """Extend the lease if it is the holder who writes; not logged."""
        if self.is_holder(task, lease):
            self._store.claims.renew(task.id, self.until())

    def renewed(self, task: Task, lease: int | None) -> Task:
        """The task with the lease extended, if it is the holder who writes."""
        if not self.is_holder(task, lease):
            return task
        return task.model_copy(update={"lease_expires_at": self.until()})

    def _refusal(self, task: Task, lease: int | None) -> Held:
        current = {
            "id": task.id,
            "status": task.status,
            "claimed_by": task.claimed_by,
            "lease": task.lease,
            "lease_expires_at": task.lease_expires_at,
        }
        stale = "" if lease is None else f"Lease {lease} is over, or another task's. "
        if task.claimed_by is None:
            said, hint = (
                f"{stale}Nobody holds task {task.id} now.",
                "Claim it again: claim_next(task_id=...).",
            )
        else:
            said = f"{stale}Task {task.id} is held by {task.claimed_by} until {task.lease_expires_at}."
            hint = "Leave it to them and take another with claim_next; add_note tells them something."
        return Held(said, hint=hint, current=current)
