"""What a shell offers while a command is typed: boards, statuses, tasks and tags of the file."""

import asyncio
from typing import Any

import click
from click.shell_completion import CompletionItem

from kanban_mcp.commands.database import opened, settings_of
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.caller import Caller

_TASKS = ("list_tasks", "id", "title")
KNOWN = {
    "board": ("list_boards", "name", "id"),
    "status": ("get_board", "status", "name"),
    "task_id": _TASKS,
    "depends_on": _TASKS,
    "parent_id": _TASKS,
    "before": _TASKS,
    "after": _TASKS,
    "tag": ("list_tags", "name", "tasks"),
    "tags": ("list_tags", "name", "tasks"),
}
"""For an argument the operation that lists its values, and which columns are the value and what is told of it."""


def suggest(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The values of a parameter that begin so. None where there is no file, or it cannot be read: typing goes on."""
    operation, value, told = KNOWN[str(parameter.name)]
    try:
        with opened(settings_of(context, db=context.params.get("db"))) as app:
            board = context.params.get("board") if operation != "list_boards" and operation != "list_tags" else None
            arguments = {"board": board} if board else {}
            answer = asyncio.run(app.runner.answer(operation, arguments, caller=Caller(""), transport="cli")).value
    except (KanbanError, OSError, SystemExit):
        return []
    found = [(str(row[value]), str(row.get(told, ""))) for row in _rows(answer)]
    return [CompletionItem(name, help=help or None) for name, help in found if name.startswith(begun)]


def _rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a page, or the columns of a board."""
    if "rows" not in answer:
        return list(answer["columns"])
    return [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
