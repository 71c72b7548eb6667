"""Which SQLite this process uses.

pysqlite3 carries a SQLite without the WAL-reset race (sqlite.org/wal.html#walresetbug: all versions before
3.51.3 except the back-ports named below), which can corrupt a file that several processes write. Where it has
no wheel, the interpreter's own SQLite serves.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from types import ModuleType

    extension: ModuleType
else:
    try:
        from pysqlite3 import _sqlite3 as extension
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import _sqlite3 as extension
        import sqlite3

__all__ = ["memory_used", "safe_with_many_processes", "sqlite3"]


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


def memory_used() -> int:
    """Bytes that SQLite holds in this process: pages, statements, schemas. 0 where its library is not to be asked."""
    return _memory_used()()


@functools.cache
def _memory_used() -> Callable[[], int]:
    """`sqlite3_memory_used`, which the module does not offer, from the library that it is bound to."""
    import ctypes  # noqa: PLC0415 - with the first look

    try:
        found = ctypes.CDLL(extension.__file__).sqlite3_memory_used
    except (OSError, AttributeError):
        return lambda: 0
    found.restype = ctypes.c_int64
    return lambda: int(found())
