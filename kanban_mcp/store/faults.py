"""What SQLite's failures mean to a caller."""

from kanban_mcp.errors import Busy, Internal, KanbanError, ReadOnly, Unusable
from kanban_mcp.store.engine import sqlite3

_SAID: dict[str, KanbanError] = {
    "SQLITE_BUSY": Busy(
        "Another program holds the database.",
        hint="Try again; if it lasts, look for what else has the file open.",
    ),
    "SQLITE_FULL": Busy("The disk is full; nothing was changed.", hint="Free some space, then repeat the call."),
    "SQLITE_IOERR": Busy(
        "The disk did not take the write; nothing was changed.", hint="Check the disk, then repeat the call."
    ),
    "SQLITE_CANTOPEN": Busy(
        "The database cannot be opened now.", hint="Try again; check that its folder still exists."
    ),
    "SQLITE_READONLY": ReadOnly(
        "The database cannot be written.", hint="Check the permissions of the file and its folder."
    ),
    "SQLITE_CORRUPT": Internal(
        "The database is damaged.", hint="Stop the servers on it, keep a copy, and restore a backup."
    ),
}
_SAID["SQLITE_LOCKED"] = _SAID["SQLITE_BUSY"]
_SAID["SQLITE_NOTADB"] = _SAID["SQLITE_CORRUPT"]

# A copy that fails gives the words alone.
_WORDS = {
    "database or disk is full": "SQLITE_FULL",
    "disk I/O error": "SQLITE_IOERR",
    "database is locked": "SQLITE_BUSY",
    "database disk image is malformed": "SQLITE_CORRUPT",
    "file is not a database": "SQLITE_NOTADB",
    "unable to open database file": "SQLITE_CANTOPEN",
}


def translated(error: sqlite3.Error) -> Exception:
    """The error to tell the caller; `error` itself where it is a mistake of ours."""
    name = getattr(error, "sqlite_errorname", "") or _WORDS.get(str(error), "")
    known = _SAID.get("_".join(name.split("_")[:2]))
    return type(known)(known.message, hint=known.hint) if known else error


def unusable(error: sqlite3.DatabaseError) -> Unusable:
    """Why a file cannot be opened at the start."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_NOTADB"):
        return Unusable("The file is not a database.", hint="Choose another file with --db; this one is untouched.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return Unusable(
            "The database file cannot be written.",
            hint="Choose another file with --db, or make the file and its folder writable.",
        )
    return Unusable(f"The database cannot be opened: {error}.", hint="Choose another file with --db.")
