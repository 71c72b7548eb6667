"""Finding tasks and notes by words."""

from kanban_mcp.models.fields import BoardRef, Limit, Query, Status, TagName
from kanban_mcp.models.page import Page, page
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.tags import Tags
from kanban_mcp.store.search import Filters, Hit
from kanban_mcp.store.store import Store


class Search:
    """The operation of searching."""

    def __init__(self, store: Store, boards: Boards, tags: Tags) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags

    def search(
        self,
        query: Query,
        board: BoardRef | None = None,
        status: Status | None = None,
        tag: TagName | None = None,
        limit: Limit = 20,
    ) -> Page:
        """Find tasks and notes by words, best match first; without `board`, on all boards."""
        board_id = None if board is None else self._boards.resolve(board).id
        filters = Filters(
            board_id=board_id,
            status=None if status is None else self._status(status, board_id),
            tags=None if tag is None else self._tags.with_descendants(tag),
        )
        found = self._store.search.hits(query, filters, count=limit)
        return page(Hit._fields, found, list, limit=limit)

    def _status(self, status: str, board_id: int | None) -> str:
        """A status as the board has it, or some board. Raises NotFound."""
        return self._boards.status(status) if board_id is None else self._boards.column(board_id, status).status
