"""Which answers are kept in the cache, and what each shows.

Only assembled ones gain: a brief takes seven statements, a board a dozen, a list page one for each column. What
depends on the time of day, such as ready work, is never kept; the part of a board that does is added anew.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from kanban_mcp.services.services import Services

Scopes: TypeAlias = Callable[[Services, Mapping[str, Any], Mapping[str, Any]], set[str] | None]
"""From the services, the arguments and the result to the scopes that the result shows; None keeps it out."""

MOST_SCOPES = 100
"""Tasks around one, above which its brief counts as showing the whole board."""


def _brief(services: Services, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> set[str] | None:
    if "claimed_by" in result:
        # Its holder renews the lease, of which the log tells nothing.
        return None
    near = services.briefs.near(result["id"])
    around = {f"board:{result['board_id']}"} if len(near) > MOST_SCOPES else {f"task:{other}" for other in near}
    return {f"task:{result['id']}", "boards", "tags", *around}


def _board(services: Services, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> set[str] | None:
    if arguments.get("overdue") or _leased(result):
        # A task becomes overdue without a change, and its holder renews a lease without one.
        return None
    return {f"board:{services.boards.resolve(arguments.get('board')).id}", "boards", "tags"}


def _leased(result: Mapping[str, Any]) -> bool:
    """Whether a page of whole tasks shows a lease."""
    if "lease_expires_at" not in result.get("columns", ()):
        return False
    place = result["columns"].index("lease_expires_at")
    return any(row[place] is not None for row in result["rows"])


VIEWS: Mapping[str, Scopes] = {"get_task": _brief, "get_board": _board, "list_tasks": _board}
SHARED = {"list_tasks"}
"""Shared between processes too. A brief and a board are read from the file as soon as from a Redis beside it."""
