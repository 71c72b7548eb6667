"""Boards coming in: read through and checked whole, then written in one transaction."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from kanban_mcp.errors import Conflict, Invalid
from kanban_mcp.files import Folder
from kanban_mcp.importers.checking import Checker, folded
from kanban_mcp.importers.detection import Kind, source_of, source_of_text
from kanban_mcp.importers.source import Moment, Source
from kanban_mcp.models.board import Board, ColumnSpec
from kanban_mcp.models.exchange import (
    BoardRecord,
    ChangeRecord,
    FileRecord,
    Import,
    NoteRecord,
    TaskRecord,
)
from kanban_mcp.models.fields import FileName, Name
from kanban_mcp.progress import report
from kanban_mcp.services.exports import Exports
from kanban_mcp.services.numbering import Numbers, Renumbering
from kanban_mcp.store.store import Store

CHUNK = 1000
MOST_LINES = 50
"""Of a difference or of what was left out; the rest is counted."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class _Plan(NamedTuple):
    """A source that was found sound, and what is there already under the board's name."""

    source: Source
    checked: Checker
    board: BoardRecord
    digest: str
    there: Board | None
    same: bool
    difference: list[str]


class Imports:
    """The operation of importing."""

    def __init__(self, store: Store, exports: Exports, folder: Folder) -> None:
        self._store = store
        self._exports = exports
        self._folder = folder

    def import_board(
        self,
        file: FileName | None = None,
        content: str | None = None,
        source: Kind = "auto",
        name: Name | None = None,
        dry_run: bool = False,
    ) -> Import:
        """Import a board from a `file` of the server's folder for files, or from the `content` of one: all or nothing.

        Takes exports of export_board and of backlog, beads, task-master, trello. The same file again changes nothing;
        `name` renames the board. dry_run tells the difference only.
        """
        return self.prepare_import(file, content, source, name, dry_run)()

    def prepare_import(
        self,
        file: FileName | None = None,
        content: str | None = None,
        source: Kind = "auto",
        name: Name | None = None,
        dry_run: bool = False,
    ) -> Callable[[], Import]:
        """Everything of `import_board` that needs no writer, in a reading transaction; what is left to do, in a job."""
        if (file is None) == (content is None):
            raise Invalid("Give either file or content.", hint="file names one in the server's folder for files.")
        found = source_of(self._folder, file, source) if file is not None else source_of_text(content or "", source)
        return self.prepared(found, name=name, dry_run=dry_run)

    def prepared(self, source: Source, *, name: str | None = None, dry_run: bool = False) -> Callable[[], Import]:
        """A source checked whole, and the job that writes it. Raises Invalid, Conflict."""
        plan = self._plan(source, name)
        if dry_run or plan.same:
            answer = self._answer(plan, board_id=plan.there.id if plan.there else None, dry_run=dry_run)
            return lambda: answer
        if plan.there is not None:
            raise _taken(plan)
        return lambda: self._write(plan, name)

    def _plan(self, source: Source, name: str | None) -> _Plan:
        checked = Checker()
        for placed in source.records(self._moment):
            checked.take(placed)
        checked.finish()
        assert checked.board is not None
        board = checked.board.model_copy(update={"name": name}) if name else checked.board
        there = self._store.boards.named(board.name)
        same = there is not None and self._same(there, source.digest)
        difference = [] if same else self._difference(there, source, checked, board)
        return _Plan(source, checked, board, source.digest, there, same, difference)

    @property
    def _moment(self) -> Moment:
        return Moment(self._store.now, self._store.actor)

    def _same(self, there: Board, digest: str) -> bool:
        """Whether a board came from this very file, whatever happened to it since, or is just what the file says."""
        changes = self._store.changes.of_entity("board", there.id, 0)
        imported = [change for change in changes if change.action == "imported"]
        return any((change.after or {}).get("digest") == digest for change in imported) or (
            self._exports.digest(there.id) == digest
        )

    # What an import would do

    def _difference(self, there: Board | None, source: Source, checked: Checker, board: BoardRecord) -> list[str]:
        if there is None:
            counts = ", ".join(f"{checked.counts[kind]} {kind}" for kind in ("tasks", "notes", "tags", "links"))
            return [f"+ board {board.name!r} with {counts}"]
        old: Counter[str] = Counter(_said(row["title"], row["status"]) for row in self._store.exchange.tasks(there.id))
        new: Counter[str] = Counter(
            _said(record.title, record.status)
            for _, record in source.records(self._moment)
            if isinstance(record, TaskRecord)
        )
        added, gone = list((new - old).elements()), list((old - new).elements())
        moved = {line.rpartition(" (")[0] for line in added} & {line.rpartition(" (")[0] for line in gone}
        lines = [f"~ {_now(title, gone)} -> {_now(title, added)[len(title) + 1 :]}" for title in sorted(moved)]
        lines += [f"+ {line}" for line in added if line.rpartition(" (")[0] not in moved]
        lines += [f"- {line}" for line in gone if line.rpartition(" (")[0] not in moved]
        return _cut(lines or ["~ titles and columns are alike; fields, notes, links or history are not"])

    def _answer(self, plan: _Plan, *, board_id: int | None, dry_run: bool = False, renumbered: bool = False) -> Import:
        counts = plan.checked.counts
        return Import(
            board_id=board_id,
            name=plan.board.name,
            source=plan.source.kind,
            **{kind: counts[kind] for kind in ("tasks", "notes", "tags", "links", "changes")},
            renumbered=renumbered,
            unchanged=plan.same,
            dry_run=dry_run,
            difference=plan.difference if dry_run else [],
            left_out=_cut(plan.source.left_out),
        )

    # Writing

    def _write(self, plan: _Plan, name: str | None) -> Import:
        if (there := self._store.boards.named(plan.board.name)) is not None:
            raise _taken(plan._replace(there=there))
        ids = self._numbers(plan.checked)
        board_id = self._board(plan.board, ids)
        tags = self._tags(plan.checked, ids)
        self._rows(plan, ids, board_id, tags)
        if plan.source.digest != plan.digest:
            raise Conflict("The file changed while it was imported.", hint="Repeat the call when it is at rest.")
        for table, numbers in (("tasks", ids.tasks), ("notes", ids.notes), ("tags", ids.tags)):
            self._store.exchange.reserve(table, numbers.last)  # type: ignore[arg-type]
        answer = self._answer(plan, board_id=board_id, renumbered=not ids.kept)
        self._store.changes.record(
            "imported", "board", board_id, board_id=board_id, after={**answer.lean(), "digest": plan.digest}
        )
        return answer

    def _numbers(self, checked: Checker) -> Renumbering:
        def numbers(table: str, ids: Iterable[int] = ()) -> Numbers:
            last = self._store.exchange.last_id(table)  # type: ignore[arg-type]
            return Numbers(last, checked.lowest.get(table, last + 1), ids)

        return Renumbering(numbers("boards"), numbers("tasks", checked.places), numbers("notes"), numbers("tags"))

    def _board(self, board: BoardRecord, ids: Renumbering) -> int:
        board_id = ids.boards.of(board.id)
        self._store.exchange.put_board({**board.model_dump(exclude={"type", "columns"}), "id": board_id})
        specs = [ColumnSpec(**column.model_dump()) for column in board.columns]
        self._store.boards.set_columns(board_id, specs)
        return board_id

    def _tags(self, checked: Checker, ids: Renumbering) -> dict[str, int]:
        """The ids of the file's tags by folded name; those there are stay as they are."""
        found: dict[str, int] = {}
        new = []
        for key, tag in checked.tags.items():
            if (known := self._store.tags.named(tag.name)) is not None:
                found[key] = known.id
            else:
                found[key] = ids.tags.of(tag.id)
                self._store.tags.restore(found[key], tag.name, parent_id=None, color=tag.color)
                new.append(tag)
        for tag in new:
            if tag.parent is not None:
                self._store.tags.save(
                    found[folded(tag.name)], name=tag.name, parent_id=found[folded(tag.parent)], color=tag.color
                )
        return found

    def _rows(self, plan: _Plan, ids: Renumbering, board_id: int, tags: Mapping[str, int]) -> None:
        counts = plan.checked.counts
        total = counts["tasks"] + counts["notes"] + counts["changes"]
        seq = self._store.exchange.first_seq() - counts["changes"]
        done = 0
        moment = Moment(self._store.now, self._store.actor)
        records = (record for _, record in plan.source.records(moment))
        for kind, chunk in _chunks(records):
            if kind is TaskRecord:
                self._tasks([task for task in chunk if isinstance(task, TaskRecord)], plan, ids, board_id, tags)
            elif kind is NoteRecord:
                self._notes([note for note in chunk if isinstance(note, NoteRecord)], ids)
            elif kind is ChangeRecord:
                changes = [change for change in chunk if isinstance(change, ChangeRecord)]
                self._changes(changes, ids, board_id, seq)
                seq += len(changes)
            else:
                continue
            done += len(chunk)
            report(done, total)

    def _tasks(
        self, tasks: list[TaskRecord], plan: _Plan, ids: Renumbering, board_id: int, tags: Mapping[str, int]
    ) -> None:
        blocked_by, of = plan.checked.blocked_by, ids.tasks.of
        self._store.exchange.put_tasks(
            {
                **vars(task),
                "id": of(task.id),
                "board_id": board_id,
                "parent_id": None if task.parent_id is None else of(task.parent_id),
                "acceptance": json.dumps(task.acceptance, ensure_ascii=False) if task.acceptance else "[]",
                "blocked_by": blocked_by.get(task.id, 0),
            }
            for task in tasks
        )
        self._store.exchange.put_links(
            {"task_id": of(task.id), "depends_on": of(other), "kind": kind}
            for task in tasks
            for other, kind in task.depends_on
        )
        self._store.exchange.put_task_tags(
            {"task_id": of(task.id), "tag_id": tags[folded(name)]} for task in tasks for name in task.tags
        )

    def _notes(self, notes: list[NoteRecord], ids: Renumbering) -> None:
        note_of, task_of = ids.notes.of, ids.tasks.of
        self._store.exchange.put_notes(
            {**vars(note), "id": note_of(note.id), "task_id": task_of(note.task_id)} for note in notes
        )

    def _changes(self, changes: list[ChangeRecord], ids: Renumbering, board_id: int, seq: int) -> None:
        self._store.exchange.put_changes(
            {
                **vars(change),
                "seq": number,
                "board_id": board_id,
                "entity_id": ids.of_entity[change.entity].of(change.entity_id),
                "task_id": None if change.task_id is None else ids.tasks.of(change.task_id),
                "before": _packed(ids.inside(change.entity, change.before)),
                "after": _packed(ids.inside(change.entity, change.after)),
            }
            for number, change in enumerate(changes, start=seq)
        )


def _chunks(records: Iterator[FileRecord]) -> Iterator[tuple[type[FileRecord], list[FileRecord]]]:
    """Records of one kind, some at a time."""
    chunk: list[FileRecord] = []
    for record in records:
        if chunk and (len(chunk) == CHUNK or type(record) is not type(chunk[0])):
            yield type(chunk[0]), chunk
            chunk = []
        chunk.append(record)
    if chunk:
        yield type(chunk[0]), chunk


def _taken(plan: _Plan) -> Conflict:
    assert plan.there is not None
    return Conflict(
        f"There is already a board named {plan.board.name!r}, and the file says otherwise.",
        hint="Give name=... to import it beside that one; dry_run=true shows the difference.",
        current={"board_id": plan.there.id, "difference": plan.difference[:10]},
    )


def _said(title: str, status: str) -> str:
    return f"{title} ({status})"


def _now(title: str, lines: list[str]) -> str:
    return next(line for line in lines if line.rpartition(" (")[0] == title)


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*islice(lines, MOST_LINES), *([f"and {more} more"] if more > 0 else [])]


def _packed(fields: Mapping[str, Any] | None) -> str | None:
    return _ENCODER.encode(fields) if fields else None
