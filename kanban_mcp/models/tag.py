"""Tags and their hierarchy."""

from kanban_mcp.models.record import Record


class Tag(Record):
    """A tag; `parent` is the name of the wider tag, `tasks` the unarchived tasks that carry it itself."""

    id: int
    name: str
    parent: str | None = None
    color: str = ""
    tasks: int = 0


class TaskTags(Record):
    """The tags of a task after a change."""

    task_id: int
    tags: list[str]
    version: int
