"""One task over time: what the log tells of it, from its creation to now."""

import json

from kanban_mcp.store.flow import Standing, Turn


class History:
    """One task. `moves` are the moments it came to a status, None for off the board; `blocks` are pairs from, until.

    Told backwards, from how the task stands: so the log need not reach back to its creation, which may be trimmed. What
    is told later was later, whatever the machine's clock said. A task that is done stays so when it is archived or
    deleted: it was finished. `seen` is the column it is counted in at the earliest moment told so far, None off the
    board. `tags` are those of a deleted task.
    """

    __slots__ = (
        "_away",
        "_finisher",
        "_later",
        "_status",
        "_until",
        "blocks",
        "completed",
        "created",
        "holder",
        "id",
        "moves",
        "open",
        "seen",
        "started",
        "tags",
    )

    def __init__(
        self,
        standing: Standing,
        now: str,
        done: frozenset[str],
        *,
        deleted: bool = False,
        tags: tuple[str, ...] = (),
    ) -> None:
        self.id = standing.id
        self.created = standing.created_at if standing.created_at < now else now
        self.started = standing.started_at
        self.completed = standing.completed_at and max(self.created, min(standing.completed_at, now))
        self.holder = standing.actor
        self.tags = tags
        self._away = deleted or standing.archived_at is not None
        self.open = not self._away and self.completed is None
        self.moves: list[tuple[str, str | None]] = []
        self.blocks: list[tuple[str, str]] = []
        self._status = standing.status
        self.seen = None if self._away and self._status not in done else self._status
        self._later = self._until = now
        self._finisher = ""

    @property
    def status(self) -> str | None:
        """Where it is now, None for off the board."""
        return self.moves[-1][1] if self.moves else None

    @property
    def actor(self) -> str:
        """Who finished it, as far as the log tells; else who holds it, or should."""
        return (self.completed and self._finisher) or self.holder or ""

    def turned(self, turn: Turn, done: frozenset[str]) -> None:
        """What one entry tells, the one before those told so far. `done` are the statuses that mean it."""
        _, _, at, action, actor, old, archived, kept = turn
        # Compared here and not by min and max: this runs for every entry.
        if at > self._later:
            at = self._later
        if at < self.created:
            at = self.created
        self._later = at
        if action == "blocked":
            self.blocks.append((at, self._until))
        elif action == "unblocked":
            self._until = at
        elif kept is not None:
            task = json.loads(kept)
            self._came(at, done, task["status"], "archived_at" in task)
        else:
            finishing = self._status in done and old is not None and old not in done
            if finishing and action != "undone" and not self._finisher:
                self._finisher = actor
            self._came(at, done, old or self._status, self._away if archived is None else archived == "text")

    def returned(self, at: str, done: frozenset[str]) -> None:
        """It was brought back from being deleted: before that it was away."""
        self._later = at = max(self.created, min(at, self._later))
        self._came(at, done, self._status, True)

    def _came(self, at: str, done: frozenset[str], status: str, away: bool) -> None:
        """It is what it is since a moment, and before that was something else."""
        seen = None if away and status not in done else status
        if seen != self.seen:
            self.moves.append((at, self.seen))
            if self.seen is None or self.seen in done:
                self._until = at
        self._status, self._away, self.seen = status, away, seen

    def begun(self, done: frozenset[str]) -> None:
        """All is told: what the log does not tell of, it was from its creation, or from when it was done."""
        if self.seen is not None:
            ever_done = not self.moves and self.seen in done
            self.moves.append(((self.completed if ever_done else None) or self.created, self.seen))
        self.moves.reverse()


def deleted(task_id: int, kept: str, now: str, done: frozenset[str]) -> History:
    """A task that is no more, as it was when it was deleted."""
    task = json.loads(kept)
    standing = Standing(
        task_id,
        task["status"],
        task["created_at"],
        task.get("started_at"),
        task.get("completed_at"),
        task.get("archived_at"),
        task.get("claimed_by") or task.get("assignee"),
    )
    return History(standing, now, done, deleted=True, tags=tuple(task.get("tags", [])))
