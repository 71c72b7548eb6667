"""Lists, as agents get them: column names once, then rows, cut at a byte budget."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic_core import to_json

from kanban_mcp.models.record import Record

PAGE_BYTES = 16_000
"""About 5,000 tokens: hosts refuse results above 25,000, and agents pay for each."""

_Item = TypeVar("_Item")


class Page(Record):
    """Part of a list. `next` is the cursor of what follows, `truncated` says the byte budget cut the page."""

    columns: tuple[str, ...]
    rows: list[list[Any]]
    total: int | None = None
    next: str | None = None
    truncated: bool = False


def page(
    columns: tuple[str, ...],
    items: Sequence[_Item],
    row: Callable[[_Item], list[Any]],
    *,
    limit: int,
    cursor: Callable[[_Item], str] | None = None,
    total: int | None = None,
    budget: int = PAGE_BYTES,
) -> Page:
    """A page of `items`, of which the caller fetched up to `limit` + 1 to know whether more follow."""
    rows: list[list[Any]] = []
    size = 0
    for item in items[:limit]:
        values = row(item)
        size += len(to_json(values))
        if rows and size > budget:
            break
        rows.append(values)
    more = len(rows) < len(items)
    following = cursor(items[len(rows) - 1]) if cursor and more else None
    truncated = len(rows) < min(limit, len(items))
    return Page(columns=columns, rows=rows, total=total, next=following, truncated=truncated)
