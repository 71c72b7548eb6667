"""Tasks: as asked for, as stored, as listed, and as the brief an agent works from."""

from typing import Any, NamedTuple, Self

from pydantic import Field

from kanban_mcp.models.fields import (
    Assignee,
    Checklist,
    Description,
    Moment,
    Priority,
    Status,
    TagNames,
    TaskRef,
    TaskRefs,
    Title,
)
from kanban_mcp.models.record import Record


class TaskSpec(Record):
    """One task of `create_tasks`."""

    title: Title
    description: Description = ""
    status: Status | None = None
    priority: Priority = 5
    assignee: Assignee | None = None
    tags: TagNames = []
    depends_on: TaskRefs = []
    parent_id: TaskRef | None = None
    acceptance: Checklist = []
    due_at: Moment | None = None


class Task(Record):
    """A task as stored. Times are UTC; `blocked_by` counts open blockers and open subtasks."""

    id: int
    board_id: int
    title: str
    status: str
    priority: int
    description: str = ""
    acceptance: tuple[str, ...] = ()
    assignee: str | None = None
    created_by: str
    parent_id: int | None = None
    due_at: str | None = None
    version: int
    created_at: str
    updated_at: str
    started_at: str | None = None
    completed_at: str | None = None
    archived_at: str | None = None
    blocked_by: int = 0
    claimed_by: str | None = None
    lease: int = 0
    lease_expires_at: str | None = None
    attempts: int = 0
    position: str = Field(exclude=True)

    @property
    def open(self) -> bool:
        """Neither done nor archived: it still blocks what waits for it."""
        return self.completed_at is None and self.archived_at is None

    @property
    def unticked(self) -> int:
        """How many items of its checklist are not ticked."""
        return sum(item.startswith("[ ]") for item in self.acceptance)

    def held_at(self, now: str) -> bool:
        """Whether someone's lease on the task is still running at this time."""
        return self.lease_expires_at is not None and self.lease_expires_at > now

    def short(self, *kept: str) -> Self:
        """The task without its long parts, description and acceptance, but for those kept: who writes has read them."""
        long: dict[str, Any] = {"description": "", "acceptance": ()}
        return self.model_copy(update={part: empty for part, empty in long.items() if part not in kept})


class TaggedTask(Task):
    """A task with the tags that a call gave it: who sets them learns by which names they are known."""

    tags: list[str] = []


class TaskRow(NamedTuple):
    """A task in a list; the fields up to `tags` are what callers see."""

    id: int
    title: str
    status: str
    priority: int
    assignee: str | None
    claimed_by: str | None
    blocked_by: int
    tags: list[str]
    position: str
    claimable_since: str | None = None
    completed_at: str | None = None


LISTED = TaskRow._fields[:8]
WHOLE = (*Task.model_fields, "tags")
"""The columns of a list with whole tasks."""


class TaskLink(Record):
    """A task seen from another one."""

    id: int
    title: str
    status: str
    open: bool = False


class BriefNote(Record):
    """A note inside a brief; `cut` says that `list_notes` has the rest."""

    id: int
    category: str
    title: str = ""
    content: str
    author: str
    created_at: str
    pinned: bool = False
    cut: bool = False


class Brief(TaggedTask):
    """Everything needed to work on a task, in one answer."""

    blockers: list[TaskLink] = []
    blocks: list[TaskLink] = []
    subtasks: list[TaskLink] = []
    related: list[TaskLink] = []
    notes: list[BriefNote] = []
    more_notes: int = 0


class Claim(Record):
    """What `claim_next` answers; no `task` when nothing can be claimed."""

    task: Brief | None = None
    why: str


class Completion(Record):
    """What `complete_task` answers; `unblocked` are tasks that became free by it.

    `acceptance_unticked` counts the items of its checklist that are not ticked: they hold nothing up, for who does the
    work may well have done them and not said so.
    """

    id: int
    status: str
    version: int
    unblocked: list[int] = []
    acceptance_unticked: int = 0
    already_done: bool = False


class Edge(Record):
    """Task `task_id` waits for `depends_on` (`blocks`), or the two are merely related."""

    task_id: int
    depends_on: int
    kind: str
    blocked_by: int = 0
    unchanged: bool = False


class Graph(Record):
    """The tasks around one task; an edge is [task, waits for, kind], kinds `blocks`, `relates`, `subtask`."""

    task_id: int
    tasks: list[TaskLink]
    edges: list[tuple[int, int, str]]
    critical_path: list[int] = []
    frees: list[int] = []
    truncated: bool = False
