"""Answers of operations as text for people: pages as tables, fields a line each."""

import re
import shutil
from collections.abc import Sequence
from typing import Any

from kanban_mcp.commands.terminal import fitted, heading, width

_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)\.\d{6}Z")
NARROWEST = 8
"""Cells that a column keeps when a table is made to fit."""


def shown(answer: dict[str, Any]) -> str:
    """An answer as lines."""
    cells = shutil.get_terminal_size().columns
    if "columns" in answer and "rows" in answer:
        return "\n".join(_page(answer, cells))
    return "\n".join(_fields(answer, cells))


def _fields(answer: dict[str, Any], cells: int) -> list[str]:
    """Plain fields first, a line each; then what has parts, each under its name."""
    plain = {name: value for name, value in answer.items() if not isinstance(value, dict | list)}
    indent = max(map(len, plain), default=0)
    lines = [_field(name, _moments(str(value)), indent) for name, value in plain.items()]
    for name, value in answer.items():
        if name not in plain and value:
            lines += ["", heading(_said(name)), *_part(value, cells)]
    return lines


def _field(name: str, value: str, indent: int) -> str:
    margin = "\n" + " " * (indent + 2)
    return f"{heading(_said(name).ljust(indent))}  {margin.join(value.splitlines())}"


def _part(value: Any, cells: int) -> list[str]:
    if isinstance(value, dict):
        return _page(value, cells) if "rows" in value else _fields(value, cells)
    if all(isinstance(item, dict) for item in value):
        names = list(dict.fromkeys(name for item in value for name in item))
        return table(names, [[item.get(name) for name in names] for item in value], cells)
    return [f"  {_cell(item)}" for item in value]


def _page(page: dict[str, Any], cells: int) -> list[str]:
    lines = table(page["columns"], page["rows"], cells) if page["rows"] else ["Nothing."]
    total = page.get("total")
    if total is not None and total > len(page["rows"]):
        lines.append(f"{len(page['rows'])} of {total}")
    if page.get("next") and page["rows"]:
        lines.append(f"More: --cursor {page['next']}" if total is not None else f"Next: {page['next']}")
    return lines


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], cells: int) -> list[str]:
    """A table no wider than so many cells, as far as that goes; columns without any value are left out."""
    used = [number for number in range(len(columns)) if any(row[number] not in (None, "", [], 0) for row in rows)]
    used = used or list(range(len(columns)))
    head = [_said(columns[number]) for number in used]
    texts = [[_cell(row[number]) for number in used] for row in rows]
    widths = [max(width(text) for text in column) for column in zip(head, *texts, strict=True)]
    widths = _narrowed(widths, cells - 2 * (len(widths) - 1))
    lines = [heading(_line(head, widths))]
    return lines + [_line(row, widths) for row in texts]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(fitted(text, cells) for text, cells in zip(texts, widths, strict=True)).rstrip()


def _narrowed(widths: list[int], room: int) -> list[int]:
    """The widest column gives way first."""
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(one)}" for name, one in value.items())
    return _moments(" ".join(str(value).split()))


def _moments(text: str) -> str:
    """Moments without the microseconds; they stay UTC."""
    return _MOMENT.sub(r"\1 \2", text)


def _said(name: str) -> str:
    return name.replace("_", " ")
