"""Taking changes back, from the log."""

from collections.abc import Callable
from typing import Any

from kanban_mcp.errors import Conflict, Invalid, NotFound
from kanban_mcp.models.board import ColumnSpec
from kanban_mcp.models.change import Change, Undone
from kanban_mcp.models.fields import Actor, Id, Seq
from kanban_mcp.models.task import Task
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.creation import Creation
from kanban_mcp.services.restoring import Restoring
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.writing import RELEASED, Writing
from kanban_mcp.store.store import Store

MOST_CHANGES = 1000
COUNTED = {"version", "updated_at", "blocked_by", "lease", "lease_expires_at", "attempts", "completed_at"}
"""Fields that follow from others or only ever grow: not taken back, and no reason to refuse."""
FOLLOWING = {"blocked", "unblocked"}
"""Actions that follow from another change and go back with it."""
_PLAIN = ("title", "description", "priority", "assignee", "due_at", "archived_at", "started_at")


class Undo:
    """The operation of taking back. Each change is reverted by a change of its own, so that can be undone too."""

    def __init__(
        self,
        store: Store,
        boards: Boards,
        tags: Tags,
        blocking: Blocking,
        writing: Writing,
        creation: Creation,
        restoring: Restoring,
    ) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags
        self._blocking = blocking
        self._writing = writing
        self._creation = creation
        self._restoring = restoring
        self._reverts: dict[str, Callable[[Change], None]] = {
            "task": self._task,
            "note": self._note,
            "dependency": self._dependency,
            "tag": self._tag,
            "board": self._board,
        }

    def undo(self, seq: Id | None = None, since: Seq | None = None, actor: Actor | None = None) -> Undone:
        """Revert the change `seq`, or all changes after `since` of `actor` (default: you). list_changes shows them.

        All or none; refused where someone changed the same later. A creation is undone by archiving. Undo an undo by
        its own seq.
        """
        if (seq is None) == (since is None):
            raise Invalid("Give either seq or since.", hint="seq reverts one change, since all after it.")
        changes = self._one(seq) if seq is not None else self._all(since or 0, actor or self._store.actor)
        undoing = {change.seq for change in changes}
        before = self._store.changes.last()
        newest_first = sorted(changes, key=lambda change: -change.seq)
        for change in newest_first:
            # All of them before the first is taken back: what that logs is no reason to refuse the next.
            self._check_untouched(change, undoing)
        for change in newest_first:
            self._reverts[change.entity](change)
        return Undone(undone=sorted(undoing), since=before, until=self._store.changes.last())

    def _one(self, seq: int) -> list[Change]:
        found = [change for change in self._store.changes.since(seq - 1, 1) if change.seq == seq]
        if not found:
            raise NotFound(f"There is no change {seq} in the log.", hint="list_changes shows what there is.")
        if found[0].action in FOLLOWING:
            raise Invalid(f"Change {seq} follows from another one.", hint="Undo the change just before it.")
        return found

    def _all(self, since: int, actor: str) -> list[Change]:
        found = self._store.changes.of_actor(actor, since, MOST_CHANGES + 1)
        if len(found) > MOST_CHANGES:
            raise Invalid(f"That is more than {MOST_CHANGES} changes.", hint="Undo in parts, the latest part first.")
        kept = [change for change in found if change.action not in FOLLOWING]
        if not kept:
            raise NotFound(f"{actor} changed nothing after {since}.", hint="list_changes shows who did what.")
        return kept

    def _check_untouched(self, change: Change, undoing: set[int]) -> None:
        """Raise Conflict, naming the newest, if later changes that stay left the same otherwise than this one did."""
        fields = _fields(change)
        whole = change.before is None or change.after is None
        later = [
            other
            for other in self._store.changes.of_entity(change.entity, change.entity_id, change.seq)
            if other.seq not in undoing
            and other.action not in FOLLOWING
            and (whole or fields & _fields(other))
            and (change.entity != "dependency" or _same_link(change, other))
        ]
        if later and not _cancel(later, None if whole else fields):
            newest = later[-1]
            raise Conflict(
                f"Change {newest.seq} ({newest.actor}: {newest.action}) came after change {change.seq} on the same.",
                hint=f"Undo change {newest.seq} first, or change by hand what is wanted.",
                current=newest.lean(),
            )

    def _task(self, change: Change) -> None:
        if change.after is None:
            self._bring_back(change.entity_id, change.before or {})
        elif change.before is None:
            self._archive_task(change.entity_id)
        else:
            self._restore_fields(change.entity_id, change.before, change.after)

    def _bring_back(self, task_id: int, kept: dict[str, Any]) -> None:
        """A deleted task again; it stands in the archive where its return is undone in the same call."""
        task = self._store.tasks.get(task_id)
        if task is None:
            self._restoring.task(kept)
        else:
            empty: dict[str, Any] = {**dict.fromkeys(_PLAIN), "description": "", "acceptance": [], "tags": []}
            self._restore_fields(task_id, {**empty, **kept, "parent_id": task.parent_id}, {})
            self._restoring.around(task_id, kept)

    def _archive_task(self, task_id: int) -> None:
        task = self._writing.writable(task_id, archived=True)
        after = self._writing.save("undone", task, {"archived_at": self._store.now, **RELEASED}, None)
        self._blocking.changed(task, after)

    def _restore_fields(self, task_id: int, before: dict[str, Any], after: dict[str, Any]) -> None:
        task = self._writing.writable(task_id, archived=True)
        changes: dict[str, Any] = {field: before[field] for field in _PLAIN if field in before}
        if "acceptance" in before:
            changes["acceptance"] = tuple(before["acceptance"])
        if "parent_id" in before:
            changes["parent_id"] = self._creation.change_parent(task, before["parent_id"] or 0)
        if after.get("claimed_by"):
            changes |= RELEASED
        tags = self._tags.replace(task_id, before["tags"]) if "tags" in before else ([], [])
        status = before.get("status", task.status)
        place = before.get("position", task.position)
        if changes.get("archived_at", task.archived_at) is None:
            place = self._free_place(task, status, place)
        if status != task.status:
            column = self._boards.column(task.board_id, status)
            self._writing.move(task, column, position=place, action="undone", changes=changes)
            return
        saved = self._writing.save("undone", task, {**changes, "position": place}, None, extra=("tags", *tags))
        self._blocking.changed(task, saved)

    def _free_place(self, task: Task, status: str, place: str) -> str:
        """A place of a column for a task that will be seen in it: the one it had, or the end when that is taken."""
        if task.archived_at is not None and status == task.status:
            self._boards.check_room(self._boards.column(task.board_id, status))
        if self._store.tasks.at(task.board_id, status, place) in (None, task.id):
            return place
        return self._store.tasks.end_of(task.board_id, status)

    def _note(self, change: Change) -> None:
        if change.after is None:
            self._restoring.note(change.before or {})
        else:
            self._restoring.note_fields(change.entity_id, change.before)

    def _dependency(self, change: Change) -> None:
        link = change.after or change.before or {}
        kind = change.before["kind"] if change.before else None
        self._restoring.link(change.entity_id, link["depends_on"], kind)

    def _tag(self, change: Change) -> None:
        if change.after is None:
            self._restoring.tag(change.before or {})
        else:
            self._restoring.tag_fields(change.entity_id, change.before)

    def _board(self, change: Change) -> None:
        if change.after is None:
            raise Conflict(
                f"Board {change.entity_id} was deleted for good.", hint="A backup has it; archive_board can be undone."
            )
        board = self._boards.get(change.entity_id)
        if change.before is None:
            self._boards.save("undone", board, {"archived_at": self._store.now})
        elif "columns" in change.before:
            self._boards.set_columns([ColumnSpec(**column) for column in change.before["columns"]], board=board.id)
        else:
            fields = {field: value for field, value in change.before.items() if field not in COUNTED}
            if "name" in fields:
                self._boards.check_name(board, fields["name"], hint="Rename or delete that one first.")
            self._boards.save("undone", board, fields)


def _fields(change: Change) -> set[str]:
    """What a change touched."""
    return set(change.after or change.before or {}) - COUNTED


def _cancel(changes: list[Change], fields: set[str] | None) -> bool:
    """Whether changes took those fields (None: all that they touched) back to where they were, as an undo does."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for change in changes:
        for field in _fields(change) if fields is None else fields & _fields(change):
            before.setdefault(field, (change.before or {}).get(field))
            after[field] = (change.after or {}).get(field)
    return before == after


def _same_link(one: Change, other: Change) -> bool:
    links = [change.after or change.before or {} for change in (one, other)]
    return bool(links[0].get("depends_on") == links[1].get("depends_on"))
