"""Which answers are kept in the cache, and what each shows.

Only assembled ones gain: a brief takes seven statements, a board a dozen, a list page one for each column. What
depends on the time of day, such as ready work, is never kept; the part of a board that does is added anew.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from kanban_mcp.services.briefs import LINKS
from kanban_mcp.services.services import Services

Scopes: TypeAlias = Callable[[Services, Mapping[str, Any], Mapping[str, Any]], set[str]]
"""From the services, the arguments and the result to the scopes that the result shows."""


def _brief(services: Services, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> set[str]:
    linked = [result.get(name, []) for name in ("blockers", "blocks", "subtasks", "related")]
    if any(len(links) == LINKS for links in linked):
        return {f"board:{result['board_id']}", f"task:{result['id']}", "tags"}
    return {f"task:{result['id']}", "tags", *(f"task:{link['id']}" for links in linked for link in links)}


def _board(services: Services, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> set[str]:
    return {f"board:{services.boards.resolve(arguments.get('board')).id}", "boards", "tags"}


VIEWS: Mapping[str, Scopes] = {"get_task": _brief, "get_board": _board, "list_tasks": _board}
