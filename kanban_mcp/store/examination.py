"""A database file examined and mended, without what a server asks of it before it serves."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kanban_mcp.errors import Unusable
from kanban_mcp.models.finding import LARGE_LOG, LITTLE_DISK, Finding
from kanban_mcp.store.bench import Bench
from kanban_mcp.store.blueprint import Blueprint
from kanban_mcp.store.checks import Checks
from kanban_mcp.store.circles import Circles
from kanban_mcp.store.engine import safe_with_many_processes, sqlite3
from kanban_mcp.store.faults import translated
from kanban_mcp.store.mending import Mending
from kanban_mcp.store.ownership import APPLICATION_ID, SCHEMA_VERSION
from kanban_mcp.store.reconciling import Reconciling

_TABLES = {"boards", "columns", "tasks", "notes", "changes"}
"""By these a file is ours, whatever else it has lost."""


class Examination:
    """What is wrong with a file, and the mending of it."""

    def __init__(self, path: Path) -> None:
        self._bench = Bench(path)
        self._checks = Checks(self._bench)

    def findings(self) -> list[Finding]:
        """Everything that is wrong. Raises Unusable when the file cannot even be looked at."""
        if not self._bench.path.is_file():
            raise Unusable("There is no such database file.", hint="Choose another with --db.")
        with _openable(self._bench.path), self._bench.looking():
            found = self._header()
            if not any(finding.check == "schema_version" for finding in found):
                found += self._checks.guarded("schema", Blueprint(self._bench).found)
            found += self._checks.of_rows()
            found += self._checks.guarded("circles", Circles(self._bench).found)
            found += self._log()
            found += self._text_indexes()
            return [*found, *self._surroundings()]

    def mend(self, found: list[Finding], backup: Path) -> None:
        """Copy the file to `backup`, then put right all that can be, in one transaction. Raises KanbanError."""
        with _openable(self._bench.path), self._bench.alone():
            self._bench.keep(backup)
            with self._bench.mending() as connection:
                self._put_right(found)
                connection.execute(f"pragma application_id = {APPLICATION_ID}")
                connection.execute(f"pragma user_version = {self._migrations()}")
            self._bench.tidy()

    def _put_right(self, found: list[Finding]) -> None:
        blueprint, mending = Blueprint(self._bench), Mending(self._bench)
        current = self._migrations() == SCHEMA_VERSION
        if current:
            blueprint.build(tables=True)
        Circles(self._bench).break_()
        mending.rows()
        if current:
            blueprint.build(tables=False)
        mending.indexes(found)
        if self._bench.value(
            "doctor.log", "select 1 from changes where not (json_valid(before) and json_valid(after))"
        ):
            return
        Reconciling(self._bench).log()

    def _migrations(self) -> int:
        """How many migrations the file has had, by its own list."""
        return int(self._bench.value("doctor.migrations", "select count(*) from _sqlite_migrations"))

    def _header(self) -> list[Finding]:
        """What tells the file from other programs' and other versions'. Raises Unusable when it is one of those."""
        tables = {row[0] for row in self._bench.tuples("doctor.tables", "select name from sqlite_master")}
        owner = self._bench.value("doctor.owner", "pragma application_id")
        if not tables >= _TABLES:
            raise Unusable("The file is not one of kanban-mcp.", hint="Choose another with --db; this is untouched.")
        found = []
        if owner != APPLICATION_ID:
            message = "The file does not say that it is one of kanban-mcp, so no server opens it."
            found.append(Finding(check="header", message=message, mend="marks it"))
        version, steps = int(self._bench.value("doctor.version", "pragma user_version")), self._migrations()
        if max(version, steps) > SCHEMA_VERSION:
            raise Unusable(
                f"The file has schema {max(version, steps)}, this program knows {SCHEMA_VERSION}.",
                hint="Upgrade kanban-mcp; the file is untouched.",
            )
        if version != steps:
            message = f"The file says it has schema {version}, but it has {steps}."
            found.append(Finding(check="header", message=message, mend="says what is so"))
        if steps < SCHEMA_VERSION:
            message = f"The file has schema {steps}; the next start of a server upgrades it to {SCHEMA_VERSION}."
            found.append(Finding(check="schema_version", message=message, warning=True))
        if (mode := self._bench.value("doctor.journal", "pragma journal_mode")) != "wal":
            message = f"The journal mode is {mode!r}: readers and writers would wait for each other."
            found.append(Finding(check="journal", message=message, mend="sets the write-ahead log", warning=True))
        return found

    def _log(self) -> list[Finding]:
        """The log against the tables, as far as it can be read and reaches back to the beginning."""
        unreadable = self._checks.guarded("log", self._unreadable)
        if unreadable:
            return unreadable
        reconciling = Reconciling(self._bench)
        try:
            return self._checks.guarded("log", reconciling.found)
        except (ValueError, KeyError, TypeError, AttributeError):
            message = "The log could not be held against the tables: entries, or rows, are not of the usual form."
            return [Finding(check="log", message=message)]

    def _unreadable(self) -> list[Finding]:
        rows = self._bench.tuples(
            "doctor.unreadable",
            """
            select seq from changes where not (json_valid("before") and json_valid("after")) order by seq limit 20
            """,
        )
        return [Finding(check="log", message=f"Entry {row[0]} of the log cannot be read.") for row in rows]

    def _text_indexes(self) -> list[Finding]:
        try:
            with self._bench.trying():
                return self._checks.of_indexes()
        except sqlite3.OperationalError as error:
            message = f"The text indexes were not checked: {error}."
            return [Finding(check="text_indexes", message=message, warning=True)]

    def _surroundings(self) -> list[Finding]:
        found = []
        path, log = self._bench.path, self._bench.place.log_bytes()
        if os.name == "posix" and path.stat().st_mode & 0o077:
            message = "Other users of this machine may read the file."
            found.append(Finding(check="mode", message=message, mend="keeps it to its owner", warning=True))
        if log > LARGE_LOG:
            message = f"The write-ahead log has {log >> 20} MB: some process keeps reading an old state, or was killed."
            found.append(Finding(check="wal", message=message, mend="writes it back", warning=True))
        if not safe_with_many_processes():
            message = (
                f"SQLite {sqlite3.sqlite_version} can damage a file that several processes write at once: "
                "use one process, or a Python with SQLite 3.51.3 or newer."
            )
            found.append(Finding(check="engine", message=message, warning=True))
        if shutil.disk_usage(path.parent).free < LITTLE_DISK:
            found.append(Finding(check="disk", message="The disk is nearly full.", warning=True))
        return found


@contextlib.contextmanager
def _openable(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            raise Unusable("The file is not a database.", hint="Choose another with --db.") from error
        if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) and not os.access(path.parent, os.W_OK):
            raise Unusable(
                f"The folder cannot be written, and SQLite shares memory there even to read: {path.parent}.",
                hint=f"Copy the file, and {path.name}-wal if it is there, to another folder; examine the copy.",
            ) from error
        said = translated(error)
        if said is error:
            raise Unusable(f"The file could not be put right: {error}.", hint="Restore a backup.") from error
        raise said from error
