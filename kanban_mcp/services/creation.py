"""Making tasks: one, or many that refer to each other."""

from collections.abc import Sequence
from typing import Any

from kanban_mcp.errors import Conflict, Invalid
from kanban_mcp.models.board import Board, Column
from kanban_mcp.models.task import TaggedTask, Task, TaskSpec
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store


class Creation:
    """Turns what a caller asked for into a task with its links, tags and counts."""

    def __init__(self, store: Store, boards: Boards, tags: Tags, blocking: Blocking, writing: Writing) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags
        self._blocking = blocking
        self._writing = writing

    def create(self, board: Board, spec: TaskSpec, made: Sequence[int]) -> TaggedTask:
        """Make a task; `$n` in the spec means the nth of those already made."""
        column, position = self._place(board, spec.status)
        self._boards.check_room(column)
        needs = list(dict.fromkeys(self._referred(ref, made, board.id) for ref in spec.depends_on))
        parent_id = None if spec.parent_id is None else self._referred(spec.parent_id, made, board.id)
        task = self._insert(board, spec, column, position, parent_id)
        self._log(task, needs)
        if parent_id is not None:
            self.adopt(parent_id, open_=column.category != "done")
        blocked_by = 0
        for needed in needs:
            if parent_id is not None:
                # Nobody waits for a fresh task but its parent: only through that can the link close a circle.
                self._blocking.check_acyclic(task.id, needed)
            self._store.dependencies.put(task.id, needed, "blocks")
            if self._writing.get(needed).open:
                self._blocking.add(task.id, 1)
                blocked_by += 1
        return task.model_copy(update={"blocked_by": blocked_by}) if blocked_by else task

    def adopt(self, parent_id: int, *, open_: bool) -> None:
        """Count a new subtask of a task. Raises Conflict when the parent is done and the subtask is not."""
        if not open_:
            return
        if self._writing.get(parent_id).completed_at is not None:
            raise Conflict(
                f"Task {parent_id} is done, so it takes no open subtask.",
                hint="Move the parent back to work first.",
            )
        self._blocking.add(parent_id, 1)

    def change_parent(self, task: Task, parent_id: int) -> int | None:
        """Count a task over from its old parent to a new one, 0 for none; the new parent's id or None."""
        wanted = parent_id or None
        if wanted == task.parent_id:
            return wanted
        if wanted is not None:
            self._check_parent(task, wanted)
        if task.open and task.parent_id is not None:
            self._blocking.add(task.parent_id, -1)
        if wanted is not None:
            self.adopt(wanted, open_=task.open)
        return wanted

    def _check_parent(self, task: Task, parent_id: int) -> None:
        if parent_id == task.id:
            raise Invalid(f"Task {task.id} cannot be its own parent.", hint="Name another task.")
        self._referred(parent_id, [], task.board_id)
        self._blocking.check_acyclic(parent_id, task.id)

    def _place(self, board: Board, status: str | None) -> tuple[Column, str]:
        """The column that was asked for, else the first, and the order key after its last task."""
        if status is None:
            return self._store.boards.first_place(board.id)
        column = self._boards.column(board.id, status)
        return column, self._store.tasks.end_of(board.id, column.status)

    def _insert(self, board: Board, spec: TaskSpec, column: Column, position: str, parent_id: int | None) -> TaggedTask:
        now = self._store.now
        new: dict[str, Any] = {
            "board_id": board.id,
            "status": column.status,
            "position": position,
            "priority": spec.priority,
            "title": spec.title,
            "description": spec.description,
            "acceptance": spec.acceptance,
            "assignee": spec.assignee or None,
            "created_by": self._store.actor,
            "parent_id": parent_id,
            "due_at": spec.due_at or None,
            "created_at": now,
            "updated_at": now,
            "started_at": now if column.category == "active" else None,
            "completed_at": now if column.category == "done" else None,
        }
        task_id = self._store.tasks.insert(new)
        tags = self._tags.add(task_id, spec.tags) if spec.tags else []
        return TaggedTask(id=task_id, version=1, tags=tags, **new)

    def _log(self, task: TaggedTask, needs: list[int]) -> None:
        after: dict[str, Any] = {**task.lean(), "position": task.position}
        after |= {"depends_on": needs} if needs else {}
        self._store.changes.record("created", "task", task.id, board_id=task.board_id, task_id=task.id, after=after)

    def _referred(self, ref: int | str, made: Sequence[int], board_id: int) -> int:
        """The id meant by an id or by `$n`; it must be of this board."""
        if isinstance(ref, str):
            number = int(ref[1:])
            if number >= len(made):
                raise Invalid(f"{ref!r} refers to no earlier task of this call.", hint="Put that task further up.")
            return made[number]
        if self._writing.get(ref).board_id != board_id:
            raise Invalid(f"Task {ref} is on another board.", hint="Link tasks of one board only.")
        return ref
