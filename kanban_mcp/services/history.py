"""What happened on the boards."""

from kanban_mcp.models.change import Change, Changes
from kanban_mcp.models.fields import BoardRef, Id, Limit, Since
from kanban_mcp.models.page import page
from kanban_mcp.services.boards import Boards
from kanban_mcp.store.clock import later
from kanban_mcp.store.store import Store

_COLUMNS = ("seq", "at", "actor", "action", "entity", "entity_id", "board_id", "task_id", "before", "after")


class History:
    """The operation of reading the change log."""

    def __init__(self, store: Store, boards: Boards) -> None:
        self._store = store
        self._boards = boards

    def list_changes(
        self, since: Since = 0, board: BoardRef | None = None, task_id: Id | None = None, limit: Limit = 20
    ) -> Changes:
        """List what happened after `since`, a seq or a time, oldest first; go on with since=`next`. `wait` seconds for
        news. `trimmed` says that older entries are gone: read the boards anew.
        """
        start, count = self._store.changes.seq_at(since) if isinstance(since, str) else since, limit + 1
        if task_id is not None:
            found = self._store.changes.of_task(task_id, start, count)
        elif board is not None:
            found = self._store.changes.of_board(self._boards.resolve(board).id, start, count)
        else:
            found = self._store.changes.since(start, count)
        result = page(_COLUMNS, found, _values, limit=limit)
        oldest = self._store.changes.first()
        following = result.rows[-1][0] if result.rows else start
        return Changes(**result.model_dump(exclude={"next"}), next=str(following), trimmed=start + 1 < oldest)

    def trim(self, days: int) -> int:
        """Forget changes older than so many days; how many that were. Not an operation: a setting decides it."""
        return self._store.changes.trim(later(self._store.now, -days * 24 * 3600))


def _values(change: Change) -> list[object]:
    told = change.told()
    return [getattr(told, column) for column in _COLUMNS]
