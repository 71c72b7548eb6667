"""Tasks: making, reading, changing, moving and putting them away."""

from typing import Annotated, Any

from pydantic import Field

from kanban_mcp.errors import Conflict, Invalid, NotFound
from kanban_mcp.models.change import Archived, Deleted
from kanban_mcp.models.fields import (
    Assignee,
    BoardRef,
    Checklist,
    Cursor,
    Description,
    Detail,
    Id,
    Lease,
    Limit,
    Moment,
    Priority,
    Seq,
    Status,
    TagName,
    TagNames,
    TaskIds,
    Title,
    Version,
)
from kanban_mcp.models.page import Page, page
from kanban_mcp.models.task import LISTED, Brief, TaggedTask, Task, TaskSpec
from kanban_mcp.progress import report
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards, listed_values, require_confirmation
from kanban_mcp.services.briefs import Briefs
from kanban_mcp.services.creation import Creation
from kanban_mcp.services.holding import Holding
from kanban_mcp.services.listing import Listing
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.writing import RELEASED, Writing
from kanban_mcp.store.store import Store
from kanban_mcp.store.tasks import NO_FILTERS, Filters


class Tasks:
    """Operations on tasks."""

    def __init__(
        self,
        store: Store,
        boards: Boards,
        tags: Tags,
        blocking: Blocking,
        holding: Holding,
        writing: Writing,
        creation: Creation,
        briefs: Briefs,
    ) -> None:
        self._store = store
        self._boards = boards
        self._tags = tags
        self._blocking = blocking
        self._holding = holding
        self._writing = writing
        self._creation = creation
        self._briefs = briefs
        self._listing = Listing(store)

    def create_task(
        self,
        title: Title,
        board: BoardRef | None = None,
        description: Description = "",
        status: Status | None = None,
        priority: Priority = 5,
        assignee: Assignee | None = None,
        tags: TagNames | None = None,
        depends_on: TaskIds | None = None,
        parent_id: Id | None = None,
        acceptance: Checklist | None = None,
        due_at: Moment | None = None,
    ) -> TaggedTask:
        """Create a task, in the first column unless `status` says otherwise. Several at once: create_tasks.

        priority 0-10, 8 and above is high. It is ready once all it depends on and its subtasks are done.
        """
        spec = TaskSpec.model_construct(
            title=title,
            description=description,
            status=status,
            priority=priority,
            assignee=assignee,
            tags=tags or [],
            depends_on=list(depends_on or []),
            parent_id=parent_id,
            acceptance=acceptance or [],
            due_at=due_at,
        )
        return self._creation.create(self._boards.resolve(board, writing=True), spec, [])

    def create_tasks(
        self,
        tasks: Annotated[list[TaskSpec], Field(min_length=1, max_length=100)],
        board: BoardRef | None = None,
        detail: Detail = "summary",
    ) -> Page:
        """Create 1 to 100 tasks, all or none. "$0" in depends_on or parent_id means the first of this list."""
        found = self._boards.resolve(board, writing=True)
        made: list[int] = []
        for number, spec in enumerate(tasks):
            try:
                made.append(self._creation.create(found, spec, made).id)
                report(number + 1, len(tasks))
            except (Invalid, NotFound, Conflict) as error:
                error.message = f"tasks[{number}]: {error.message}"
                raise
        rows = self._store.tasks.listed(made)
        # Not cut at the byte budget: the caller needs every id, and sent the longest part of it.
        made_page = Page(columns=LISTED, rows=[listed_values(row) for row in rows], total=len(rows))
        return self._listing.detailed(made_page, detail)

    def get_task(self, task_id: Id) -> Brief:
        """Get all that is needed to work on a task: acceptance, notes, blockers, subtasks, tags, claim."""
        return self._briefs.of(self._writing.get(task_id))

    def list_tasks(
        self,
        board: BoardRef | None = None,
        status: Status | None = None,
        assignee: Assignee | None = None,
        tag: TagName | None = None,
        parent_id: Id | None = None,
        blocked: bool = False,
        overdue: bool = False,
        archived: bool = False,
        finished: bool = False,
        limit: Limit = 20,
        cursor: Cursor | None = None,
        detail: Detail = "summary",
    ) -> Page:
        """List a board's tasks by column, in order; `finished`, newest first. A tag includes those below it.

        search finds words.
        """
        found = self._boards.resolve(board)
        if status is None:
            columns = self._store.boards.columns(found.id)
        else:
            columns = [self._boards.column(found.id, status)]
            status = columns[0].status
        filters = Filters(
            assignee=assignee or None,
            tags=None if tag is None else self._tags.with_descendants(tag),
            parent_id=parent_id,
            blocked=blocked,
            due_before=self._store.now if overdue else None,
        )
        if archived:
            if status or finished or filters != NO_FILTERS:
                raise Invalid("archived lists all archived tasks of a board.", hint="Leave the other filters out.")
            return self._listing.detailed(self._listing.archived(found.id, limit, cursor), detail)
        if finished:
            if filters != NO_FILTERS:
                raise Invalid("finished lists all finished tasks.", hint="Leave the filters out, but for status.")
            return self._listing.detailed(self._listing.finished(found.id, columns, status, limit, cursor), detail)
        rows = self._listing.walk(found.id, columns, filters, limit + 1, cursor)
        total = sum(column.tasks for column in columns) if filters == NO_FILTERS else None
        shown = page(
            LISTED,
            rows,
            listed_values,
            limit=limit,
            cursor=lambda row: f"{row.status}.{row.position}",
            total=total,
        )
        return self._listing.detailed(shown, detail)

    def update_task(
        self,
        task_id: Id,
        title: Title | None = None,
        description: Description | None = None,
        priority: Priority | None = None,
        assignee: Assignee | None = None,
        tags: TagNames | None = None,
        parent_id: Seq | None = None,
        acceptance: Checklist | None = None,
        due_at: Moment | None = None,
        version: Version | None = None,
        lease: Lease | None = None,
    ) -> TaggedTask:
        """Change the fields given; others stay. "" clears assignee or due_at, parent_id 0 clears the parent.

        acceptance replaces the checklist, "[x] text" ticks an item. With `version`, a field that others changed
        since is refused. move_task changes the column.
        """
        before = self._writing.writable(task_id)
        self._holding.check_lease(before, lease)
        wanted = {
            "title": title,
            "description": description,
            "priority": priority,
            "assignee": assignee,
            "due_at": due_at,
            "acceptance": None if acceptance is None else tuple(acceptance),
        }
        named = {key for key, value in {**wanted, "tags": tags, "parent_id": parent_id}.items() if value is not None}
        self._writing.check_version(before, version, named)
        changes: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        changes |= {key: None for key in ("assignee", "due_at") if changes.get(key) == ""}
        if parent_id is not None:
            changes["parent_id"] = self._creation.change_parent(before, parent_id)
        old_tags, new_tags = self._tags.replace(task_id, tags) if tags is not None else ([], [])
        saved = self._writing.save("updated", before, changes, lease, extra=("tags", old_tags, new_tags))
        return TaggedTask(**saved.short(*named).__dict__, tags=new_tags)

    def move_task(
        self,
        task_id: Id,
        status: Status | None = None,
        before: Id | None = None,
        after: Id | None = None,
        version: Version | None = None,
        lease: Lease | None = None,
    ) -> Task:
        """Move a task to the end of a column, or right before or after another task of it."""
        task = self._writing.writable(task_id)
        self._holding.check_free(task, lease)
        self._writing.check_version(task, version, {"status", "position"})
        if before is not None and after is not None:
            raise Invalid("Give before or after, not both.", hint="One neighbour settles the place.")
        neighbour = self._neighbour(task, before or after)
        column = self._boards.column(task.board_id, status or (neighbour.status if neighbour else task.status))
        if neighbour is not None:
            if neighbour.status != column.status or neighbour.archived_at is not None:
                raise Conflict(
                    f"Task {neighbour.id} is not in column {column.status!r}.",
                    hint="Name a neighbour that is, or leave it out to go to the end.",
                    current={"id": neighbour.id, "status": neighbour.status},
                )
            position = self._store.tasks.beside(neighbour, before=before is not None, moving=task.id)
        elif column.status == task.status:
            self._holding.renew(task, lease)
            return self._writing.get(task_id).short()
        else:
            position = self._store.tasks.end_of(task.board_id, column.status)
        return self._writing.move(task, column, position=position, lease=lease)[0].short()

    def archive_task(self, task_id: Id, archived: bool = True, lease: Lease | None = None) -> Archived:
        """Put a task away: it leaves all lists and blocks nothing. archived=false brings it back to its column."""
        before = self._writing.writable(task_id, archived=True)
        self._holding.check_free(before, lease)
        if (before.archived_at is not None) == archived:
            self._holding.renew(before, lease)
            return Archived(id=task_id, archived=archived, version=before.version, unchanged=True)
        if archived:
            changes: dict[str, Any] = {"archived_at": self._store.now, **RELEASED}
        else:
            self._boards.check_room(self._boards.column(before.board_id, before.status))
            changes = {
                "archived_at": None,
                "position": self._store.tasks.end_of(before.board_id, before.status),
            }
        after = self._writing.save("archived" if archived else "restored", before, changes, None)
        unblocked = self._blocking.changed(before, after)
        return Archived(id=task_id, archived=archived, version=after.version, unblocked=unblocked)

    def delete_task(self, task_id: Id, confirm: bool = False, lease: Lease | None = None) -> Deleted:
        """Delete a task with its notes for good. Needs confirm=true; archive_task is the safe way. Subtasks stay."""
        task = self._writing.writable(task_id, archived=True)
        self._holding.check_free(task, lease)
        require_confirmation(confirm, f"task {task_id} ({task.title}) with its notes", "archive_task")
        if task.open:
            self._blocking.closed(task)
        kept = self._all_of(task)
        self._store.tasks.delete(task_id)
        self._store.changes.record("deleted", "task", task_id, board_id=task.board_id, task_id=task_id, before=kept)
        return Deleted(deleted=task_id, entity="task", tasks=1)

    def _all_of(self, task: Task) -> dict[str, Any]:
        """A task with all that goes when it is deleted, as the log keeps it."""
        store = self._store
        around = {
            "tags": store.tags.of_task(task.id),
            "notes": [note.lean() for note in store.notes.all_of(task.id)],
            "depends_on": store.dependencies.needed_by_link(task.id),
            "dependents": store.dependencies.needing_by_link(task.id),
            "subtasks": store.dependencies.children(task.id),
        }
        return {**task.lean(), "position": task.position, **{key: value for key, value in around.items() if value}}

    def _neighbour(self, task: Task, task_id: int | None) -> Task | None:
        if task_id is None:
            return None
        if task_id == task.id:
            raise Invalid("A task cannot be its own neighbour.", hint="Name another task.")
        neighbour = self._writing.get(task_id)
        if neighbour.board_id != task.board_id:
            raise Invalid(f"Task {task_id} is on another board.", hint="Name a task of the same board.")
        return neighbour
