"""A database file laid open without what a server does to it before it serves."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from kanban_mcp.models.caller import NOBODY, Caller
from kanban_mcp.store import pragmas
from kanban_mcp.store.clock import stamp
from kanban_mcp.store.database import Database, Transaction
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.gate import Gate

DOCTOR = Caller("kanban-mcp doctor")


class Bench(Database):
    """A file laid open: opening it makes, migrates and sets nothing."""

    def _start(self) -> None:
        """Nothing is opened before it is looked at."""

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """A connection that cannot write. As the last one on the file it does not write the log back either."""
        with contextlib.closing(self._connect("ro")) as connection, self._on(connection, NOBODY):
            yield

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """A transaction that may write and is undone. Another connection must be open, or closing writes the log back.

        It waits for writers as they for it.
        """
        with contextlib.closing(self._connect("rw")) as connection:
            connection.execute("begin immediate")
            try:
                with self._on(connection, NOBODY):
                    yield
            finally:
                connection.rollback()

    @contextlib.contextmanager
    def mending(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes, with references unchecked until all are right."""
        with contextlib.closing(self._connect("rw")) as connection:
            pragmas.write_ahead_log(connection)
            connection.execute("pragma foreign_keys = off")
            connection.execute("begin immediate")
            try:
                with self._on(connection, DOCTOR):
                    yield connection
                connection.commit()
            finally:
                if connection.in_transaction:
                    connection.rollback()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """With no other process writing, for as long as it takes."""
        gate = Gate(self.path.with_name(self.path.name + ".lock"), timeout=self.options.busy_timeout)
        try:
            with gate.held():
                yield
        finally:
            gate.close()

    def keep(self, target: Path) -> None:
        """Copy the file as it is, damage and all, to a path where nothing is."""
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with contextlib.closing(self._connect("ro")) as source, contextlib.closing(sqlite3.connect(target)) as copy:
            source.backup(copy)

    def tidy(self) -> None:
        """Keep the file to its owner, and write back a log that has grown."""
        for end in ("", "-wal", "-shm", ".lock"):
            with contextlib.suppress(OSError):
                self.path.with_name(self.path.name + end).chmod(0o600)
        with contextlib.closing(self._connect("rw")) as connection:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def _on(self, connection: sqlite3.Connection, caller: Caller) -> contextlib.AbstractContextManager[None]:
        return self._bound(Transaction(connection, caller, stamp(self.clock())))
