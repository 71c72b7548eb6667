"""Which SQLite this process uses.

pysqlite3 carries a SQLite without the WAL-reset race (sqlite.org/wal.html#walresetbug: all versions before
3.51.3 except the back-ports named below), which can corrupt a file that several processes write. Where it has
no wheel, the interpreter's own SQLite serves.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["safe_with_many_processes", "sqlite3"]


def safe_with_many_processes() -> bool:
    """Whether this SQLite has the fix for the WAL-reset race."""
    version = sqlite3.sqlite_version_info
    return (
        version >= (3, 51, 3)
        or version[:2] == (3, 50)
        and version[2] >= 7
        or version[:2] == (3, 44)
        and version[2] >= 6
    )
