"""Whose a database file is, and of which schema: numbers in its header that say so."""

from kanban_mcp.errors import Unusable
from kanban_mcp.store.engine import sqlite3

APPLICATION_ID = 0x6B616E62
"""`kanb`: tells our files from other programs' databases."""
SCHEMA_VERSION = 4
"""The number of migrations this program knows."""


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of migrations the file has had."""
    return int(connection.execute("pragma user_version").fetchone()[0])


def is_newer(connection: sqlite3.Connection) -> bool:
    """Whether a program that knows more migrations has written the file."""
    return schema_version(connection) > SCHEMA_VERSION


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether the file is one of this program, of any version."""
    return bool(connection.execute("pragma application_id").fetchone()[0] == APPLICATION_ID)


def check_ours(connection: sqlite3.Connection) -> None:
    """Raise Unusable for what is not a kanban_mcp file, or is one of a newer program, before anything is written."""
    tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
    if tables and not is_ours(connection):
        raise Unusable(
            "The file is another program's database.",
            hint="Choose another file with --db; this one is untouched.",
        )
    if is_newer(connection):
        raise Unusable(
            f"The file has schema {schema_version(connection)}, this program knows {SCHEMA_VERSION}.",
            hint="Upgrade kanban-mcp; the file is untouched.",
        )
