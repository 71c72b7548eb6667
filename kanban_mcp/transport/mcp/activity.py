"""What happened on a board lately, from the change log, in few words."""

from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.mcp.markdown import quoted, rows, text

MOST_CHANGES = 1000
"""Older ones of the time looked back on are left out."""
MOST_TASKS = 12
"""Tasks named in a line."""
MOST_NOTES = 12
KEPT_NOTES = ("decision", "blocker", "handoff", "question")
"""What a look back wants to read again."""


class Activity:
    """Reads the end of the change log."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def since(self, board_id: int, seconds: float, caller: Caller) -> list[dict[str, Any]]:
        """The newest changes of a board in the last so many seconds, oldest first."""
        start = self._app.database.clock() - timedelta(seconds=seconds)
        found: deque[dict[str, Any]] = deque(maxlen=MOST_CHANGES)
        after = start.isoformat()
        while (page := await self._read("list_changes", _page(board_id, after), caller))["rows"]:
            found += rows(page)
            after = page["next"]
        return list(found)

    async def _read(self, operation: str, arguments: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return (await self._app.runner.read(operation, arguments, caller=caller, transport="mcp")).value


def _page(board_id: int, after: str) -> dict[str, Any]:
    return {"board": board_id, "since": after, "limit": 100}


def by_actor(changes: list[dict[str, Any]], when: str) -> str:
    """A line for each actor: what they did to which tasks."""
    done: dict[str, dict[str, list[int]]] = {}
    for change in changes:
        action = _said(change)
        if action is not None and change["task_id"] is not None:
            ids = done.setdefault(change["actor"], {}).setdefault(action, [])
            ids += [] if change["task_id"] in ids else [change["task_id"]]
    lines = [
        f"- {text(actor)}: {'; '.join(f'{action} {_ids(ids)}' for action, ids in actions.items())}"
        for actor, actions in done.items()
    ]
    return "\n".join([f"## Done {when}", "", *(lines or ["- nothing"]), ""])


def _said(change: Mapping[str, Any]) -> str | None:
    """What a change is called in a line; None for what merely followed from others."""
    if change["entity"] == "note":
        return "wrote on" if change["action"] == "created" else None
    if change["entity"] != "task" or change["action"] in ("blocked", "unblocked"):
        return None
    return str(change["action"])


def _ids(ids: list[int]) -> str:
    more = f" and {len(ids) - MOST_TASKS} more" if len(ids) > MOST_TASKS else ""
    return ", ".join(f"#{task_id}" for task_id in ids[:MOST_TASKS]) + more


def notes(changes: list[dict[str, Any]]) -> str:
    """The newest decisions, blockers, handoffs and questions, with who wrote them and when."""
    written = [
        change
        for change in changes
        if change["entity"] == "note" and change["action"] == "created" and change["after"]["category"] in KEPT_NOTES
    ]
    lines = ["## Decisions, blockers, handoffs, questions", ""]
    for change in written[-MOST_NOTES:]:
        lines += [f"#{change['task_id']} {change['after']['category']}, {text(change['actor'])}, {change['at'][:16]}Z:"]
        lines += [quoted(change["after"]["content"][:300]), ""]
    return "\n".join(lines if written else [*lines, "None.", ""])
