"""Who works on what: ready work, claims with leases, completion and release."""

from typing import Any, NamedTuple

from kanban_mcp.errors import Conflict, Held, WipLimit
from kanban_mcp.models.board import Column
from kanban_mcp.models.fields import BoardRef, Content, Detail, Id, Lease, Limit, TagName
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.task import LISTED, Claim, Completion, Task, TaskRow
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards, listed_values
from kanban_mcp.services.briefs import Briefs
from kanban_mcp.services.holding import Holding
from kanban_mcp.services.listing import Listing
from kanban_mcp.services.notes import Notes
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.writing import RELEASED, Writing
from kanban_mcp.store.clock import seconds_between
from kanban_mcp.store.store import Store


class _Candidate(NamedTuple):
    """A task that may be claimed; `rank` is how far right its column is."""

    row: TaskRow
    rank: int


class Claims:
    """Operations on claims."""

    def __init__(
        self,
        store: Store,
        boards: Boards,
        tags: Tags,
        blocking: Blocking,
        holding: Holding,
        writing: Writing,
        notes: Notes,
        briefs: Briefs,
    ) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags
        self._blocking = blocking
        self._holding = holding
        self._writing = writing
        self._notes = notes
        self._briefs = briefs
        self._listing = Listing(store)

    def list_ready(
        self,
        board: BoardRef | None = None,
        tag: TagName | None = None,
        limit: Limit = 20,
        detail: Detail = "summary",
    ) -> Page:
        """List what can be worked on now, best first: not blocked, not held. claim_next takes one."""
        found = self._boards.resolve(board)
        tags = None if tag is None else self._tags.with_descendants(tag)
        candidates = self._candidates(found.id, None, tags, limit + 1)
        ordered = sorted(candidates, key=lambda candidate: _order(candidate, None))
        shown = page(LISTED, [candidate.row for candidate in ordered[: limit + 1]], listed_values, limit=limit)
        return self._listing.detailed(shown, detail)

    def claim_next(self, board: BoardRef | None = None, tag: TagName | None = None, task_id: Id | None = None) -> Claim:
        """Take the best ready task, move it to work and lease it to you; answers its brief and why it was chosen.

        Yours first, then priority. Pass its `lease` to your writes; any of them renews it. `task_id` claims that one.
        Finish with complete_task or release_task.
        """
        if task_id is not None:
            return self._claim_this(self._writing.writable(task_id))
        found = self._boards.resolve(board, writing=True)
        tags = None if tag is None else self._tags.with_descendants(tag)
        candidates = self._candidates(found.id, self._store.actor, tags, 1)
        if not candidates:
            return Claim(why=self._why_none(found.id, tag))
        best = min(candidates, key=lambda candidate: _order(candidate, self._store.actor))
        task = self._writing.get(best.row.id)
        try:
            return self._claim(task, self._why(task, best))
        except WipLimit as full:
            resumable = [candidate for candidate in candidates if candidate.row.claimable_since]
            if not resumable:
                return Claim(why=f"Task {task.id} is ready, but: {full.message} Finish or move a task out of it first.")
            best = min(resumable, key=lambda candidate: _order(candidate, self._store.actor))
            task = self._writing.get(best.row.id)
            return self._claim(task, self._why(task, best))

    def complete_task(self, task_id: Id, lease: Lease | None = None, note: Content | None = None) -> Completion:
        """Finish a task: it goes to done and frees what waited for it. `note` is kept as progress."""
        task = self._writing.writable(task_id)
        if task.completed_at is not None:
            return Completion(id=task.id, status=task.status, version=task.version, already_done=True)
        self._holding.check_free(task, lease)
        if note is not None:
            self._notes.write(task, note, category="progress")
        done = self._boards.columns(task.board_id, "done")[0]
        after, unblocked = self._writing.move(task, done, action="completed")
        return Completion(
            id=after.id,
            status=after.status,
            version=after.version,
            unblocked=unblocked,
            acceptance_unticked=after.unticked,
        )

    def release_task(self, task_id: Id, lease: Lease | None = None, note: Content | None = None) -> Task:
        """Give a claimed task back unfinished; `note` is a handoff for whoever claims it next."""
        task = self._writing.writable(task_id)
        if task.claimed_by is None:
            self._holding.check_lease(task, lease)
            raise Conflict(f"Nobody holds task {task_id}.", hint="There is nothing to release; add_note leaves a note.")
        self._holding.check_free(task, lease)
        if note is not None:
            self._notes.write(task, note, category="handoff")
        column = self._boards.column(task.board_id, task.status)
        if column.category == "active":
            back = self._boards.columns(task.board_id, "todo")[-1]
            return self._writing.move(task, back, action="released", changes=RELEASED)[0].short()
        return self._writing.save("released", task, RELEASED, None).short()

    def _candidates(self, board_id: int, actor: str | None, tags: list[int] | None, count: int) -> list[_Candidate]:
        """The best few of each column, and those whose lease ran out under work."""
        now = self._store.now
        found: dict[int, _Candidate] = {}
        for rank, column in enumerate(self._boards.columns(board_id, "todo")):
            rows = self._store.claims.ready(board_id, column.status, now=now, actor=actor, tags=tags, count=count)
            if actor is not None:
                rows += self._store.claims.ready_for(board_id, column.status, now=now, actor=actor, tags=tags)
            found |= {row.id: _Candidate(row, rank) for row in rows}
        expired = self._store.claims.expired(board_id, now=now, actor=actor, tags=tags, count=max(count, 20))
        found |= {row.id: _Candidate(row, 1000) for row in expired}
        return list(found.values())

    def _claim_this(self, task: Task) -> Claim:
        if task.completed_at is not None:
            raise Conflict(f"Task {task.id} is done.", hint="move_task takes it back to work.", current=task.lean())
        if task.held_at(self._store.now):
            if not self._holding.is_holder(task, None):
                self._holding.check_free(task, None)
            raise Held(
                f"You hold task {task.id} already, until {task.lease_expires_at}.",
                hint=f"Go on with lease {task.lease}; get_task shows the brief.",
                current={"id": task.id, "lease": task.lease, "lease_expires_at": task.lease_expires_at},
            )
        return self._claim(task, "you asked for it")

    def _claim(self, task: Task, why: str) -> Claim:
        self._blocking.check_free(task)
        column = self._column_of_work(task)
        changes: dict[str, Any] = {
            "claimed_by": self._store.actor,
            # Each claim is logged, so none has the number of another: by a mistaken task id it opens no other task.
            "lease": max(task.lease, self._store.changes.last()) + 1,
            "lease_expires_at": self._holding.until(),
            "attempts": task.attempts + 1,
        }
        if column.status == task.status:
            after = self._writing.save("claimed", task, changes, None)
        else:
            after = self._writing.move(task, column, action="claimed", changes=changes)[0]
        return Claim(task=self._briefs.of(after), why=why)

    def _column_of_work(self, task: Task) -> Column:
        """Where a claimed task goes: the first column of work, unless it is in one, or there is none."""
        here = self._boards.column(task.board_id, task.status)
        active = self._boards.columns(task.board_id, "active")
        return here if here.category == "active" or not active else active[0]

    def _why(self, task: Task, chosen: _Candidate) -> str:
        reasons = ["it is assigned to you"] if task.assignee == self._store.actor else []
        reasons.append(f"priority {task.priority} is the highest ready" if not reasons else f"priority {task.priority}")
        if task.lease_expires_at is not None:
            minutes = round(seconds_between(task.lease_expires_at, self._store.now) / 60)
            reasons.append(f"the lease of {task.claimed_by} ran out {minutes} min ago")
        else:
            reasons.append(f"first in {task.status}")
        if task.attempts:
            reasons.append(f"attempt {task.attempts + 1}, read its notes")
        return "; ".join(reasons)

    def _why_none(self, board_id: int, tag: str | None) -> str:
        waiting = self._store.claims.waiting(board_id, self._store.now)
        columns = self._store.boards.columns(board_id)
        open_ = sum(column.tasks for column in columns if column.category != "done")
        if open_ == 0:
            known = any(column.tasks for column in columns)
            return f"Nothing is ready: {'every task on the board is done' if known else 'the board has no tasks yet'}."
        parts = [f"{open_} open"]
        if waiting.blocked:
            parts.append(f"{_up_to_a_hundred(waiting.blocked)} blocked")
        if waiting.held:
            parts.append(f"{_up_to_a_hundred(waiting.held)} held, the next lease ends {waiting.next_expiry}")
        with_tag = f" with tag {tag!r}" if tag else ""
        return f"Nothing is ready{with_tag} for {self._store.actor}: {', '.join(parts)}; see get_board."


def _order(candidate: _Candidate, actor: str | None) -> tuple[bool, int, int, str]:
    """Mine first, then priority, then the column nearest to work, then the order in it."""
    row = candidate.row
    return (actor is None or row.assignee != actor, -row.priority, -candidate.rank, row.position)


def _up_to_a_hundred(count: int) -> str:
    return "100 or more" if count >= 100 else str(count)
