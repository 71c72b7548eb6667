"""Boards going out: whole as JSON Lines, or as a table or a page for people."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Literal, TypeAlias

from kanban_mcp.errors import Invalid
from kanban_mcp.files import Folder
from kanban_mcp.importers.jsonl import HEADER
from kanban_mcp.models.board import Board
from kanban_mcp.models.exchange import Export
from kanban_mcp.models.fields import BoardRef, FileName
from kanban_mcp.models.page import PAGE_BYTES
from kanban_mcp.progress import report
from kanban_mcp.services.boards import Boards
from kanban_mcp.store.database import Row
from kanban_mcp.store.store import Store
from kanban_mcp.visible import visible

ExportFormat: TypeAlias = Literal["jsonl", "csv", "markdown"]
_CHUNK = 1000


class Exports:
    """The operation of exporting; files go into one folder."""

    def __init__(self, store: Store, boards: Boards, folder: Folder) -> None:
        self._store = store
        self._boards = boards
        self._folder = folder

    def export_board(
        self, board: BoardRef | None = None, format: ExportFormat = "jsonl", file: FileName | None = None
    ) -> Export:
        """Export a board: jsonl is lossless with its history, for import_board; csv and markdown are for people.

        Into a new `file` of the server's folder for files; without, the content is answered if it is small.
        """
        found = self._boards.resolve(board)
        if file is not None:
            return self.write(found, format, self._folder, file)
        parts, size = [], 0
        for part in self.parts(found, format):
            size += len(part.encode())
            if size > PAGE_BYTES:
                raise Invalid(
                    f"The board is larger than the {PAGE_BYTES} bytes of an answer.",
                    hint="Give file=..., or run kanban-mcp export on the server's machine.",
                )
            parts.append(part)
        content = "".join(parts)
        if visible(content) != content:
            raise Invalid(
                "The board holds characters that an answer does not show as they are.",
                hint="Give file=..., which keeps them.",
            )
        tasks = self._store.exchange.count(found.id)
        return Export(board_id=found.id, format=format, tasks=tasks, bytes=size, content=content)

    def write(self, board: Board, format: ExportFormat, folder: Folder, name: str) -> Export:
        """Export into a new file of a folder. Raises Conflict when the name is taken."""
        size, done, total = 0, 0, self._store.exchange.count(board.id)
        parts = self.parts(board, format)
        with folder.writing(name) as file:
            while chunk := list(islice(parts, _CHUNK)):
                size += file.write("".join(chunk).encode())
                done += len(chunk)
                report(done, max(done, total))
        return Export(board_id=board.id, format=format, tasks=total, file=name, bytes=size)

    def parts(self, board: Board, format: ExportFormat) -> Iterator[str]:
        """The text of an export, in parts that are small each."""
        if format == "jsonl":
            yield HEADER
            for line in self._store.exchange.lines(board.id):
                yield line + "\n"
        else:
            rows = self._store.exchange.tasks(board.id)
            yield from _table(rows) if format == "csv" else self._page(board, rows)

    def digest(self, board_id: int) -> str:
        """The digest that a lossless export of a board would have."""
        digest = hashlib.sha256(HEADER.encode())
        for line in self._store.exchange.lines(board_id):
            digest.update(line.encode() + b"\n")
        return digest.hexdigest()

    def _page(self, board: Board, rows: Iterator[Row]) -> Iterator[str]:
        yield f"# {_escaped(board.name)}\n"
        if board.description:
            yield f"\n{visible(board.description)}\n"
        names = {column.status: column.name for column in self._store.boards.columns(board.id)}
        heading = None
        for row in rows:
            place = "Archived" if row["archived_at"] else names[row["status"]]
            if place != heading:
                heading = place
                yield f"\n## {_escaped(place)}\n\n"
            yield _entry(row)


def _table(rows: Iterator[Row]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    head = False
    for row in rows:
        if not head:
            writer.writerow(row.keys())
            head = True
        writer.writerow([_harmless(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: an apostrophe before the characters that begin one."""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.lstrip()[:1] in ("=", "+", "-", "@") or shown[:1] in ("\t", "\r") else shown


def _entry(row: Row) -> str:
    done = "x" if row["completed_at"] else " "
    facts = [f"priority {row['priority']}"]
    facts += [f"assigned to {_escaped(row['assignee'])}"] if row["assignee"] else []
    facts += [f"due {row['due_at'][:10]}"] if row["due_at"] else []
    facts += [f"waits for {row['depends_on']}"] if row["depends_on"] else []
    facts += [f"tags: {_escaped(row['tags'])}"] if row["tags"] else []
    lines = [f"- [{done}] **{row['id']}** {_escaped(row['title'])} ({'; '.join(facts)})"]
    lines += [f"  - {visible(item)}" for item in json.loads(row["acceptance"])]
    lines += [f"  {visible(line)}".rstrip() for line in row["description"].splitlines()]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Text in which Markdown sees nothing."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in visible(text))
