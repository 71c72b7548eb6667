"""Tasks over time: what the log tells of each, from its creation to now."""

import json
from dataclasses import dataclass

from kanban_mcp.models.board import Column
from kanban_mcp.models.flow import Band
from kanban_mcp.store import Store
from kanban_mcp.store.flow import Standing, Turn


class History:
    """One task. `moves` are the moments it came to a status, None for off the board; `blocks` are pairs from, until.

    Told backwards, from how the task stands: so the log need not reach back to its creation, which may be trimmed. What
    is told later was later, whatever the machine's clock said. A task that is done stays so when it is archived or
    deleted: it was finished. `tags` are those of a deleted task.
    """

    __slots__ = (
        "_away",
        "_finisher",
        "_later",
        "_seen",
        "_status",
        "_until",
        "blocks",
        "completed",
        "created",
        "holder",
        "id",
        "moves",
        "open",
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
        self._seen = None if self._away and self._status not in done else self._status
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
            if old is not None and self._status in done and action != "undone" and not self._finisher:
                self._finisher = actor
            self._came(at, done, old or self._status, self._away if archived is None else archived == "text")

    def returned(self, at: str, done: frozenset[str]) -> None:
        """It was brought back from being deleted: before that it was away."""
        self._later = at = max(self.created, min(at, self._later))
        self._came(at, done, self._status, True)

    def _came(self, at: str, done: frozenset[str], status: str, away: bool) -> None:
        """It is what it is since a moment, and before that was something else."""
        seen = None if away and status not in done else status
        if seen != self._seen:
            self.moves.append((at, self._seen))
            if self._seen is None or self._seen in done:
                self._until = at
        self._status, self._away, self._seen = status, away, seen

    def begun(self, done: frozenset[str]) -> None:
        """All is told: what the log does not tell of, it was from its creation, or from when it was done."""
        if self._seen is not None:
            ever_done = not self.moves and self._seen in done
            self.moves.append(((self.completed if ever_done else None) or self.created, self._seen))
        self.moves.reverse()


@dataclass(frozen=True, slots=True)
class Past:
    """All tasks that a board has or had, and its columns; the log tells of them since a moment."""

    histories: list[History]
    bands: tuple[Band, ...]
    told_since: str
    trimmed: bool


def past(store: Store, board_id: int, columns: list[Column], since: str) -> Past:
    """What the log tells of a board from a moment to now, and of the tasks finished in it all."""
    begins, whole = store.flow.log_begins(board_id)
    bands = _bands(store, board_id, columns)
    histories = _Histories(store, frozenset(band.status for band in bands if band.category == "done"), since)
    for standing in store.flow.standings(board_id):
        histories.add(History(standing, store.now, histories.done))
    for turns in store.flow.turns(board_id):
        histories.turned(turns)
        if turns and histories.told(turns):
            break
    return Past(histories.begun(), bands, min(begins, store.now), trimmed=not whole)


class _Histories:
    """The histories of a board while the log is read, backwards."""

    def __init__(self, store: Store, done: frozenset[str], since: str) -> None:
        self.done = done
        self._store = store
        self._since = since
        self._of: dict[int, History] = {}
        self._oldest: int | None = None

    def add(self, history: History) -> None:
        """A task as it stands, or stood when it was deleted."""
        self._of[history.id] = history
        if history.completed is not None and history.completed >= self._since:
            self._oldest = history.id if self._oldest is None else min(history.id, self._oldest)

    def turned(self, turns: list[Turn]) -> None:
        """A part of the log."""
        of, done = self._of, self.done
        for turn in turns:
            history, kept = of.get(turn[1]), turn[-1]
            if kept is not None:
                if history is None:
                    history = _deleted(turn[1], kept, self._store.now, done)
                    self.add(history)
                elif returned := self._store.flow.returned(turn[1], turn[0]):
                    history.returned(returned, done)
            if history is not None:
                history.turned(turn, done)

    def told(self, turns: list[Turn]) -> bool:
        """Whether nothing before this part matters: neither to the period, nor to the tasks finished in it."""
        if max(turn[2] for turn in turns) >= self._since:
            return False
        return self._oldest is None or turns[0][0] < self._store.flow.first_of(self._oldest)

    def begun(self) -> list[History]:
        """All of them, with their beginnings."""
        for history in self._of.values():
            history.begun(self.done)
        return list(self._of.values())


def _deleted(task_id: int, kept: str, now: str, done: frozenset[str]) -> History:
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


def _bands(store: Store, board_id: int, columns: list[Column]) -> tuple[Band, ...]:
    """The columns there are, in order, then those that were, each with the meaning it last had."""
    bands = {column.status: Band(column.status, column.name, column.category) for column in columns}
    for change in reversed(store.changes.of_entity("board", board_id, 0)):
        for side in (change.after, change.before):
            for column in (side or {}).get("columns", []):
                band = Band(column["status"], column["name"], column["category"], removed=True)
                bands.setdefault(band.status, band)
    return tuple(bands.values())
