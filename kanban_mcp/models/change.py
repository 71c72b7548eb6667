"""The change log's entries."""

from typing import Any, Literal, Self, TypeAlias

from kanban_mcp.models.page import Page
from kanban_mcp.models.record import Record

Entity: TypeAlias = Literal["board", "task", "note", "tag", "dependency"]


_TIMES = ("created_at", "updated_at")


class Change(Record):
    """One entry: who did what to which thing; `before` and `after` hold the fields that changed."""

    seq: int
    at: str
    actor: str
    action: str
    entity: Entity
    entity_id: int
    board_id: int | None = None
    task_id: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    def told(self) -> Self:
        """The entry as callers get it: without the times that its own `at` tells already."""
        return self.model_copy(update={side: self._without_times(getattr(self, side)) for side in ("before", "after")})

    def _without_times(self, fields: dict[str, Any] | None) -> dict[str, Any] | None:
        if fields is None:
            return None
        return {name: value for name, value in fields.items() if name not in _TIMES or value != self.at}


class Changes(Page):
    """A page of changes; `trimmed` says that some after the `since` asked for are no longer kept."""

    trimmed: bool = False


class Undone(Record):
    """What `undo` answers: the changes taken back, and after which seq, up to which, the log tells of that."""

    undone: list[int]
    since: int
    until: int


class Deleted(Record):
    """What a delete operation answers."""

    deleted: int
    entity: Entity
    tasks: int = 0
    """How many tasks went with it."""


class Archived(Record):
    """What an archive operation answers."""

    id: int
    archived: bool
    version: int
    unchanged: bool = False
    unblocked: list[int] = []
