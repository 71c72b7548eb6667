"""A board drawn for a terminal: its columns side by side, who holds what, and the latest news."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from kanban_mcp.commands.terminal import fitted

NARROWEST = 12
"""Cells of a column at least; columns for which there is no room are named in the last line."""
GAP = 2
NEWS = 3
URGENT = 8
"""From this priority on a task is high; see the specification of priorities."""


class Size(NamedTuple):
    """Of a terminal, in cells."""

    columns: int
    rows: int


def screen(board: dict[str, Any], news: Sequence[str], size: Size, clock: str) -> list[str]:
    """The lines of the screen, none longer than it is wide, and as many as it has rows."""
    held = {row[0]: row for row in board.get("holders", {}).get("rows", [])}
    columns = board["columns"]
    fitting = max(1, min(len(columns), (size.columns + GAP) // (NARROWEST + GAP)))
    cells = (size.columns + GAP) // fitting - GAP
    height = max(1, size.rows - NEWS - 4)
    drawn = [_column(column, _tasks(board, column["status"]), held, cells, height) for column in columns[:fitting]]
    lines = [_title(board, columns, held, size, clock)]
    lines += [(" " * GAP).join(row).rstrip() for row in zip(*drawn, strict=True)]
    lines += [click.style(fitted(line, size.columns), dim=True) for line in [*news, *[""] * NEWS][:NEWS]]
    unseen = ", ".join(f"{column['name']} {column['tasks']}" for column in columns[fitting:])
    foot = "q quits" + (f"   not shown: {unseen}" if unseen else "")
    return [*lines, click.style(fitted(foot, size.columns), dim=True)][: size.rows]


def _title(
    board: dict[str, Any], columns: Sequence[dict[str, Any]], held: dict[int, list[Any]], size: Size, clock: str
) -> str:
    count = sum(column["tasks"] for column in columns if column["category"] != "done")
    text = f"{board['name']}   {count} open, {len(held)} held"
    return click.style(fitted(text, max(0, size.columns - len(clock) - 1)), bold=True) + " " + clock


def _column(
    column: dict[str, Any], tasks: Sequence[dict[str, Any]], held: dict[int, list[Any]], cells: int, height: int
) -> list[str]:
    """Exactly `height` lines and two above, each `cells` wide."""
    limit = f"/{column['wip_limit']}" if "wip_limit" in column else ""
    count = f" {column['tasks']}{limit}"
    full = "wip_limit" in column and column["tasks"] >= column["wip_limit"]
    head = fitted(column["name"], cells - len(count)) + count
    lines = [click.style(head, bold=True, fg="yellow" if full else None), "─" * cells]
    room, shown = height + 2, 0
    for task in tasks:
        block = _task(task, held.get(task["id"]), cells)
        if len(lines) + len(block) + (column["tasks"] > shown + 1) > room:
            break
        lines += block
        shown += 1
    if column["tasks"] > shown and column["category"] != "done":
        lines.append(click.style(fitted(f"… {column['tasks'] - shown} more", cells), dim=True))
    return lines + [" " * cells] * (room - len(lines))


def _task(task: dict[str, Any], holder: list[Any] | None, cells: int) -> list[str]:
    """A line a task, and below it who holds it, for how long."""
    text = fitted(f"#{task['id']} {task['title']}", cells)
    if holder is None:
        return [click.style(text, dim=bool(task["blocked_by"]), fg="red" if task["priority"] >= URGENT else None)]
    _, who, _, seconds, left = holder
    state = f"since {_span(seconds)}" if left > 0 else "lapsed"
    return [click.style(text, fg="green"), click.style(fitted(f"  {who} {state}", cells), fg="green")]


def _span(seconds: int) -> str:
    """A time span in one word."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _tasks(board: dict[str, Any], status: str) -> list[dict[str, Any]]:
    page = board["tasks"]
    tasks = (dict(zip(page["columns"], row, strict=True)) for row in page["rows"])
    return [task for task in tasks if task["status"] == status]
