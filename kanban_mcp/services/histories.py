"""The tasks of a board over time: the log, read backwards for all of them."""

from collections import Counter
from dataclasses import dataclass

from kanban_mcp.models.board import Column
from kanban_mcp.models.flow import Band
from kanban_mcp.services.task_history import History, deleted
from kanban_mcp.store.flow import Turn
from kanban_mcp.store.store import Store


@dataclass(frozen=True, slots=True)
class Past:
    """The tasks that a board has or had, and its columns; the log tells of them since a moment.

    `settled` counts by status what was finished before the period and not touched since, which has no history here.
    `first` is when the first task was made.
    """

    histories: list[History]
    settled: Counter[str]
    bands: tuple[Band, ...]
    first: str
    told_since: str
    trimmed: bool


def past(store: Store, board_id: int, columns: list[Column], since: str, *, each: bool = False) -> Past:
    """What the log tells of a board from a moment to now, and of the tasks finished in it all.

    With `each`, tasks that were settled before have their histories too.
    """
    begins, whole = store.flow.log_begins(board_id)
    bands = _bands(store, board_id, columns)
    histories = _Histories(store, frozenset(band.status for band in bands if band.category == "done"), since)
    histories.stand(board_id, "" if each else since)
    for turns in store.flow.turns(board_id):
        histories.turned(turns)
        if turns and histories.told(turns):
            break
    return Past(
        histories.begun(), +histories.settled, bands, histories.first, min(begins, store.now), trimmed=not whole
    )


class _Histories:
    """The histories of a board while the log is read, backwards."""

    def __init__(self, store: Store, done: frozenset[str], since: str) -> None:
        self.settled: Counter[str] = Counter()
        self.first = store.now
        self._done = done
        self._store = store
        self._since = since
        self._of: dict[int, History] = {}
        self._oldest: int | None = None

    def stand(self, board_id: int, since: str) -> None:
        """The tasks as they stand; those finished before a moment are counted, until the log has something on them."""
        for settled in self._store.flow.settled(board_id, since):
            self.first = min(settled.first, self.first)
            if not settled.archived or settled.status in self._done:
                self.settled[settled.status] += settled.tasks
        for standing in self._store.flow.standings(board_id, since):
            self._add(History(standing, self._store.now, self._done))

    def _add(self, history: History) -> None:
        """A task as it stands, or stood when it was deleted."""
        self._of[history.id] = history
        self.first = min(history.created, self.first)
        if history.completed is not None and history.completed >= self._since:
            self._oldest = history.id if self._oldest is None else min(history.id, self._oldest)

    def turned(self, turns: list[Turn]) -> None:
        """A part of the log."""
        self._unsettle(turns)
        of, done = self._of, self._done
        for turn in turns:
            history, kept = of.get(turn[1]), turn[-1]
            if kept is not None:
                if history is None:
                    history = deleted(turn[1], kept, self._store.now, done)
                    self._add(history)
                elif returned := self._store.flow.returned(turn[1], turn[0]):
                    history.returned(returned, done)
            if history is not None:
                history.turned(turn, done)

    def _unsettle(self, turns: list[Turn]) -> None:
        """Give histories to tasks that the log has something on in the period, or that were deleted once."""
        unknown = {turn[1] for turn in turns if turn[2] >= self._since or turn[-1] is not None} - self._of.keys()
        for standing in self._store.flow.standing(list(unknown)) if unknown else ():
            history = History(standing, self._store.now, self._done)
            if history.seen is not None:
                self.settled[history.seen] -= 1
            self._add(history)

    def told(self, turns: list[Turn]) -> bool:
        """Whether nothing before this part matters: neither to the period, nor to the tasks finished in it."""
        if max(turn[2] for turn in turns) >= self._since:
            return False
        return self._oldest is None or turns[0][0] < self._store.flow.first_of(self._oldest)

    def begun(self) -> list[History]:
        """All of them, with their beginnings."""
        for history in self._of.values():
            history.begun(self._done)
        return list(self._of.values())


def _bands(store: Store, board_id: int, columns: list[Column]) -> tuple[Band, ...]:
    """The columns there are, in order, then those that were, each with the meaning it last had."""
    bands = {column.status: Band(column.status, column.name, column.category) for column in columns}
    for change in reversed(store.changes.of_entity("board", board_id, 0)):
        for side in (change.after, change.before):
            for column in (side or {}).get("columns", []):
                band = Band(column["status"], column["name"], column["category"], removed=True)
                bands.setdefault(band.status, band)
    return tuple(bands.values())
