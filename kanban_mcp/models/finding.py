"""What a check of a database file finds."""

from kanban_mcp.models.record import Record

LARGE_LOG = 64 * 1024 * 1024
"""Bytes of write-ahead log above which something keeps it from being written back; emptied, it shrinks to that."""
LITTLE_DISK = 200 * 1024 * 1024
"""Free bytes below which the disk is nearly full: a checkpoint and a backup want room beside the file."""


class Finding(Record):
    """Something that is not as it should be. `mend` says what `kanban-mcp doctor --fix` does, if it can do anything.

    A `warning` is no damage, but may lead to it.
    """

    check: str
    message: str
    mend: str | None = None
    warning: bool = False
