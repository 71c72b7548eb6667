"""How each connection is tuned: one setting a function, with the mistake it prevents."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from kanban_mcp.store.engine import sqlite3

Durability: TypeAlias = Literal["normal", "full"]


def write_ahead_log(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other. Set once a file: setting it again races writers."""
    mode = connection.execute("pragma journal_mode").fetchone()[0]
    if mode != "wal":
        connection.execute("pragma journal_mode = wal")


def checkpoints(connection: sqlite3.Connection) -> None:
    """Never in a commit, which would wait for it: the checkpointer does it. The file shrinks to 64 MB when emptied."""
    connection.execute("pragma wal_autocheckpoint = 0")
    connection.execute("pragma journal_size_limit = 67108864")


def synchronous(connection: sqlite3.Connection, durability: Durability) -> None:
    """`normal` keeps all acknowledged writes when a process dies, `full` also when the power goes."""
    connection.execute(f"pragma synchronous = {durability}")


def foreign_keys(connection: sqlite3.Connection) -> None:
    """Off by default in SQLite: rows would point at nothing."""
    connection.execute("pragma foreign_keys = on")


def cache_size(connection: sqlite3.Connection) -> None:
    """64 MB of pages at most a connection, taken as needed, instead of 2 MB."""
    connection.execute("pragma cache_size = -64000")


def temp_store(connection: sqlite3.Connection) -> None:
    """Sorting stays in memory."""
    connection.execute("pragma temp_store = memory")


def memory_map(connection: sqlite3.Connection, size: int) -> None:
    """Pages are read without copying; up to `size` bytes of the file."""
    connection.execute(f"pragma mmap_size = {int(size)}")


def distrust_the_schema(connection: sqlite3.Connection) -> None:
    """A file from elsewhere cannot call functions with side effects from its triggers and views.

    Older engines also take the text index for one of those, and our triggers could not fill it.
    """
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        connection.execute("pragma trusted_schema = off")
    connection.execute("pragma cell_size_check = on")


def read_only(connection: sqlite3.Connection) -> None:
    """A read that tries to write fails loudly instead of taking the write lock."""
    connection.execute("pragma query_only = on")


COMMON: tuple[Callable[[sqlite3.Connection], None], ...] = (
    foreign_keys,
    cache_size,
    temp_store,
    distrust_the_schema,
)
