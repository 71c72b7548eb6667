"""What a check of a database file finds."""

from kanban_mcp.models.record import Record


class Finding(Record):
    """Something that is not as it should be. `mend` says what `kanban-mcp doctor --fix` does, if it can do anything.

    A `warning` is no damage, but may lead to it.
    """

    check: str
    message: str
    mend: str | None = None
    warning: bool = False
