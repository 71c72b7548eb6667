"""Every connection to the database file. No other module may open it, or its -wal and -shm, by any means:
closing any handle on them drops all locks this process holds."""

import contextlib
import functools
import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from kanban_mcp.errors import Busy, Internal, Invalid, NotFound, ReadOnly, Unusable
from kanban_mcp.models.caller import NOBODY, Caller
from kanban_mcp.progress import report
from kanban_mcp.store import pragmas
from kanban_mcp.store.clock import Clock, Stamps, stamp, system_clock
from kanban_mcp.store.engine import safe_with_many_processes, sqlite3
from kanban_mcp.store.faults import translated, unusable
from kanban_mcp.store.gate import Gate
from kanban_mcp.store.ownership import SCHEMA_VERSION, check_ours, is_newer, is_ours, schema_version
from kanban_mcp.store.place import Place

_CLOSING_SECONDS = 0.5
"""Who closes waits no longer for a process that hangs: the kernel closes the rest."""

_PREPARED = 1000
"""Statements a connection keeps prepared: more than there are, since of too many the driver drops the newest each time.

Limits are written `+:count`: SQLite plans for the value of a bare one, and prepares the statement anew at each use.
"""

_COPIED_PAGES = 4096
"""Pages between two reports of progress: 16 MB."""

_T = TypeVar("_T")
Row: TypeAlias = sqlite3.Row


class Told(Protocol):
    """Told of a statement that ran: its name and text, how long it took, how many rows it gave or touched, whether it
    failed. By place, since every statement pays for this.
    """

    def __call__(self, name: str, sql: str, seconds: float, rows: int, failed: bool, /) -> object: ...


class Transaction(NamedTuple):
    """What the current thread is in the middle of."""

    connection: sqlite3.Connection
    caller: Caller
    now: str


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """How to open a file; the reasons are with the settings."""

    durability: pragmas.Durability = "normal"
    readers: int = 10
    busy_timeout: float = 30.0
    mmap_size: int = 268_435_456


class Database:
    """One SQLite file: a connection that writes, a pool of connections that read.

    Statements run inside `reading()` or `writing()`, which bind a transaction to the thread. `on_query`, when
    set, is told of every statement.
    """

    on_query: Told | None = None

    def __init__(self, path: Path, options: DatabaseOptions | None = None, *, clock: Clock = system_clock) -> None:
        self.path = path
        self.place = Place(path)
        self.options = options or DatabaseOptions()
        self.clock = clock
        self._stamps = Stamps(clock)
        self._local = threading.local()
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._room = threading.Semaphore(self.options.readers)
        self._readers: list[sqlite3.Connection] = []
        self._start()

    def _start(self) -> None:
        self._prepare_folder()
        self.gate = Gate(self.path.with_name(self.path.name + ".lock"), timeout=self.options.busy_timeout)
        try:
            with self.gate.held():
                self._writer = self._open()
                self.place.hold()
        except BaseException:
            self.gate.close()
            raise

    def _prepare_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.with_name(self.path.name + ".lock").touch(0o600)
        except OSError as error:
            raise Unusable(
                f"The folder of the database cannot be written: {error.strerror or error}.",
                hint="Choose another file with --db, or make the folder writable.",
            ) from None

    def _open(self) -> sqlite3.Connection:
        """The writing connection, with the file brought to our schema. The gate is held."""
        fresh = not self.path.exists() or self.path.stat().st_size == 0
        if fresh:
            self.path.touch(0o600)
        try:
            connection = self._connect()
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            raise unusable(error) from error
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        check_ours(connection)
        pragmas.write_ahead_log(connection)
        pragmas.checkpoints(connection)
        pragmas.synchronous(connection, self.options.durability)
        if schema_version(connection) < SCHEMA_VERSION:
            # Only here: the module and what it builds on cost a tenth of a start, and most starts migrate nothing.
            from kanban_mcp.store.schema import migrate  # noqa: PLC0415

            migrate(connection)

    def _connect(self, mode: Literal["rw", "ro"] = "rw") -> sqlite3.Connection:
        self.place.check()
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self.options.busy_timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_PREPARED,
        )
        try:
            connection.row_factory = sqlite3.Row
            for tune in pragmas.COMMON:
                tune(connection)
            pragmas.memory_map(connection, self.options.mmap_size)
        except BaseException:
            connection.close()
            raise
        return connection

    # Transactions

    @contextlib.contextmanager
    def reading(self, caller: Caller = NOBODY) -> Iterator[None]:
        """A transaction that sees one state of the file throughout."""
        connection = self._borrow()
        try:
            with self._bound(Transaction(connection, caller, stamp(self.clock()))):
                connection.execute("begin")
                try:
                    yield
                finally:
                    connection.rollback()
        except sqlite3.Error as error:
            raise translated(error) from error
        finally:
            self._idle.put(connection)
            self._room.release()

    @contextlib.contextmanager
    def inspecting(self) -> Iterator[None]:
        """`reading` on a connection of its own.

        An integrity check on one that has searched before may see an old state of the text index and call it damaged.
        """
        with contextlib.closing(self._connect()) as connection:
            pragmas.read_only(connection)
            with self._bound(Transaction(connection, NOBODY, stamp(self.clock()))):
                yield

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that may write, on the writer thread only; the gate is held throughout.

        Commits at the end, or rolls back when the block raises.
        """
        with self.gate.held():
            self.place.check()
            connection = self._writer
            # Immediate, since a transaction that reads first and writes later fails at once when another wrote between.
            connection.execute("begin immediate")
            try:
                if is_newer(connection):
                    raise ReadOnly(
                        "A newer program has upgraded the database file.",
                        hint="Restart this server with that version.",
                    )
                yield connection
                connection.commit()
            finally:
                if connection.in_transaction:
                    connection.rollback()

    # The log

    def write_back(self, *, alone: bool = False) -> int:
        """Write the log back into the file as far as nobody is in the way; how many pages were in it.

        Commits go on meanwhile, and so the log never ends while somebody writes. With `alone` they wait, as they do for
        an engine with the WAL-reset race; if all was written back, the next commit begins the log anew. Raises
        KanbanError, as when the gate is taken.
        """
        with self.gate.held() if alone or not safe_with_many_processes() else contextlib.nullcontext():
            return self._checkpoint("passive")

    def empty_log(self) -> None:
        """Write the whole log back and shrink it; writers wait. Raises KanbanError, as when the gate is taken."""
        with self.gate.held():
            self._checkpoint("truncate")

    def _checkpoint(self, mode: str) -> int:
        try:
            return int(self._maintenance.execute(f"pragma wal_checkpoint({mode})").fetchone()[1])
        except sqlite3.Error as error:
            raise translated(error) from error

    @functools.cached_property
    def _maintenance(self) -> sqlite3.Connection:
        """For the checkpointer's thread alone."""
        connection = self._connect()
        # Emptying the log waits for readers, and holds the gate meanwhile.
        connection.execute("pragma busy_timeout = 50")
        self._readers.append(connection)
        return connection

    @contextlib.contextmanager
    def acting(self, caller: Caller) -> Iterator[None]:
        """Bind the open write transaction to this thread, in a caller's name and at a new moment."""
        self._local.transaction = Transaction(self._writer, caller, self._stamps.next())
        try:
            yield
        finally:
            self._local.transaction = None

    @contextlib.contextmanager
    def rehearsing(self) -> Iterator[None]:
        """A part of the open write transaction that is undone at its end."""
        connection = self.transaction.connection
        connection.execute("savepoint rehearsal")
        try:
            yield
        finally:
            connection.execute("rollback to rehearsal")
            connection.execute("release rehearsal")

    def watch(self) -> Callable[[], int]:
        """A function, for one thread at a time, of a number that changes with every commit, here or elsewhere."""
        connection = self._connect()
        pragmas.read_only(connection)
        self._readers.append(connection)
        cursor = connection.cursor()
        # Of all rows: a statement that is not at its end would see the same state for ever.
        return lambda: int(cursor.execute("pragma data_version").fetchall()[0][0])

    @contextlib.contextmanager
    def _bound(self, transaction: Transaction) -> Iterator[None]:
        self._local.transaction = transaction
        try:
            yield
        finally:
            self._local.transaction = None

    @property
    def transaction(self) -> Transaction:
        """The transaction of this thread."""
        transaction: Transaction | None = getattr(self._local, "transaction", None)
        if transaction is None:
            raise RuntimeError("no transaction: services are called through the runner")
        return transaction

    @property
    def seen(self) -> str | None:
        """The boards this thread's caller may see, as the JSON array that statements unpack; None for all.

        Stores filter by it, so that what a caller may not see is not there for any rule or error above them.
        """
        boards = self.transaction.caller.boards
        return None if boards is None else json.dumps(sorted(boards))

    def _borrow(self) -> sqlite3.Connection:
        if not self._room.acquire(timeout=self.options.busy_timeout):
            raise Busy("All reader connections are in use.", hint="Try again in a moment.")
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._new_reader()

    def _new_reader(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.Error as error:
            self._room.release()
            raise translated(error) from error
        pragmas.read_only(connection)
        self._readers.append(connection)
        return connection

    # Statements

    def all(self, name: str, sql: str, /, **parameters: Any) -> list[Row]:
        """The rows of a statement."""
        return self._run(name, sql, parameters, sqlite3.Cursor.fetchall, len)

    def tuples(self, name: str, sql: str, /, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement as plain tuples: for hundreds of thousands, half the time of `all`."""
        return self._run(name, sql, parameters, _tuples, len)

    def one(self, name: str, sql: str, /, **parameters: Any) -> Row | None:
        """The first row of a statement, or None."""
        return self._run(name, sql, parameters, _first, _found)

    def value(self, name: str, sql: str, /, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(name, sql, **parameters)
        return None if row is None else row[0]

    def run(self, name: str, sql: str, /, **parameters: Any) -> int:
        """Run a statement for its effect; the number of rows it touched."""
        return self._run(name, sql, parameters, _touched, int)

    def insert(self, name: str, sql: str, /, **parameters: Any) -> int:
        """Insert a row; its id."""
        return self._run(name, sql, parameters, lambda cursor: int(cursor.lastrowid or 0), lambda _: 1)

    def each(self, name: str, sql: str, /, **parameters: Any) -> Iterator[Row]:
        """The rows of a statement one by one, so that any number of them fits into memory."""
        cursor = self._run(name, sql, parameters, lambda cursor: cursor, lambda _: 0)
        with contextlib.closing(cursor):
            yield from cursor

    def many(self, name: str, sql: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Run a statement once for each set of parameters; the number of rows it touched in all."""
        return self._told(name, sql, self.transaction.connection.executemany, rows, _touched, int)

    def defer_references(self) -> None:
        """Rows may point at later ones until the transaction commits."""
        self.transaction.connection.execute("pragma defer_foreign_keys = on")

    def plan(self, sql: str) -> list[str]:
        """How SQLite would run a statement, a step a line; its parameters count as null."""
        names = dict.fromkeys(re.findall(r":([a-z_]+)", sql))
        rows = self.transaction.connection.execute(f"explain query plan {sql}", names).fetchall()
        return [str(row["detail"]) for row in rows]

    def _run(
        self,
        name: str,
        sql: str,
        parameters: dict[str, Any],
        answer: Callable[[sqlite3.Cursor], _T],
        count: Callable[[_T], int],
    ) -> _T:
        return self._told(name, sql, self.transaction.connection.execute, parameters, answer, count)

    def _told(
        self,
        name: str,
        sql: str,
        execute: Callable[[str, Any], sqlite3.Cursor],
        parameters: Any,
        answer: Callable[[sqlite3.Cursor], _T],
        count: Callable[[_T], int],
    ) -> _T:
        """What a statement answers, after telling of it."""
        if self.on_query is None:
            return answer(execute(sql, parameters))
        started = time.perf_counter()
        try:
            result = answer(execute(sql, parameters))
        except BaseException:
            self.on_query(name, sql, time.perf_counter() - started, 0, True)
            raise
        self.on_query(name, sql, time.perf_counter() - started, count(result), False)
        return result

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._readers) + 1

    def close(self) -> None:
        """Close all connections; the last process to do so writes the log back, under the gate."""
        with contextlib.suppress(Busy), self.gate.held(_CLOSING_SECONDS):
            self._close_all()
        self.gate.close()

    def _close_all(self) -> None:
        for reader in self._readers:
            reader.close()
        # No `pragma optimize`: statistics of a small file make SQLite read whole tables once the file has grown.
        self._writer.close()


def _tuples(cursor: sqlite3.Cursor) -> list[tuple[Any, ...]]:
    cursor.row_factory = None
    return cursor.fetchall()


def _first(cursor: sqlite3.Cursor) -> Row | None:
    row: Row | None = cursor.fetchone()
    return row


def _found(row: Row | None) -> int:
    return row is not None


def _touched(cursor: sqlite3.Cursor) -> int:
    return cursor.rowcount


def copy_database(source: Path, target: Path) -> None:
    """Copy one state of a database file, which servers may be writing, to a path where nothing is; it is checked.

    Raises KanbanError, and leaves nothing behind then.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with (
            contextlib.closing(_opened_for_copying(source)) as board,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            # With a transaction open all steps copy the same state; without, each commit would start them anew.
            board.execute("begin")
            board.execute("select count(*) from sqlite_master").fetchone()
            board.backup(copy, pages=_COPIED_PAGES, progress=lambda _, left, total: report(total - left, total))
            copy.execute("pragma journal_mode = delete")
            _check_sound(copy)
        with open(target, "rb") as written:
            os.fsync(written.fileno())
    except BaseException as error:
        for suffix in ("", "-journal"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        raise (translated(error) if isinstance(error, sqlite3.Error) else error) from error


def _opened_for_copying(source: Path) -> sqlite3.Connection:
    if not source.is_file():
        raise NotFound("There is no such database file.", hint="Look at how its path is spelled.")
    connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    try:
        pragmas.read_only(connection)
        if not is_ours(connection):
            raise Invalid("The file is not a kanban-mcp database.", hint="Name one that `kanban-mcp backup` made.")
        if is_newer(connection):
            raise Invalid("The file is of a newer program.", hint="Upgrade kanban-mcp, then repeat the command.")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_sound(copy: sqlite3.Connection) -> None:
    found = [row[0] for row in copy.execute("pragma integrity_check(1)")]
    if found != ["ok"] or copy.execute("pragma foreign_key_check").fetchone() is not None:
        raise Internal("The copy is not sound, and was removed.", hint="Check the original: get_health(check=true).")
