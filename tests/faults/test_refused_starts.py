"""What a server cannot serve it refuses at the start: a sentence on stderr, exit code 2, and the file as it was."""

import os
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, run

import pytest

from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.ownership import SCHEMA_VERSION
from tests.faults.servers import PATIENCE, Refused, Serve, Server, command, spawn


def start(arguments: list[str], env: dict[str, str] | None = None) -> CompletedProcess[str]:
    """Start a server whose client is gone at once, and wait for its end."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KANBAN_")}
    return run(
        arguments,
        stdin=DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**kept, **(env or {})},
    )


def check_refused(ended: CompletedProcess[str], *words: str) -> None:
    """A sentence on stderr, or the usage and a sentence; nothing on stdout, exit code 2."""
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    *usage, sentence = ended.stderr.splitlines()
    assert sentence.startswith("Error: " if usage else ("kanban-mcp: ", "Error: "))
    assert len(usage) <= 3
    for word in words:
        assert word in sentence


def text_file(path: Path) -> None:
    path.write_text("Dear diary, this is not a database.\n" * 100)


def short_file(path: Path) -> None:
    path.write_bytes(b"xy")


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table invoices (id integer primary key)")
    connection.close()


def newer_schema(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    connection.close()


def cut_in_half(path: Path) -> None:
    Database(path).close()
    path.write_bytes(path.read_bytes()[: 4096 * 2 + 100])


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (text_file, "The file is not a database."),
        (short_file, "The file is not a database."),
        (foreign_database, "another program's database"),
        (newer_schema, f"The file has schema 99, this program knows {SCHEMA_VERSION}. Upgrade kanban-mcp"),
        (cut_in_half, "--db"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_was(
    db: Path, prepare: Callable[[Path], None], words: str
) -> None:
    prepare(db)
    before = db.read_bytes()
    check_refused(start(command(db)), str(db), words)
    assert db.read_bytes() == before


async def test_a_server_writes_no_more_when_a_newer_program_upgrades_the_file(serve: Serve, db: Path) -> None:
    server = await serve()
    await server("create_board", name="Plan")
    newer_schema(db)
    with pytest.raises(Refused) as refused:
        await server("create_task", title="x")
    assert refused.value.error["code"] == "read_only"
    assert refused.value.error["hint"] == "Restart this server with that version."
    assert [row[1] for row in (await server("list_boards"))["rows"]] == ["Plan"]


def test_a_folder_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    check_refused(start(command(tmp_path)), "is a directory")
    check_refused(start([sys.executable, "-m", "kanban_mcp"], {"KANBAN_DB": str(tmp_path)}), str(tmp_path), "--db")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter; tests often run as root, for whom nothing is read-only."""
    with tempfile.TemporaryDirectory(prefix="kanban-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


AS_NOBODY = """
import difflib, importlib, os, pkgutil, shutil, sys
import anyio.abc, anyio.lowlevel, anyio.to_thread, structlog.processors, structlog.stdlib
import kanban_mcp
for module in pkgutil.walk_packages(kanban_mcp.__path__, "kanban_mcp."):
    if module.name != "kanban_mcp.transport.server.prompt_protocol":  # needs what an extra brings; no part of stdio
        importlib.import_module(module.name)
for name in dir(anyio):
    getattr(anyio, name)
anyio.run(anyio.to_thread.run_sync, dir)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
kanban_mcp.cli.main()
"""
"""A server without rights. It loads everything first: the interpreter itself may be out of such a user's reach."""


def as_nobody(db: Path) -> list[str]:
    return [sys.executable, "-c", AS_NOBODY, "--db", str(db)]


def test_a_folder_that_cannot_be_written_is_refused(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    ended = start(as_nobody(open_folder / "kanban.db"))
    check_refused(ended, "The folder of the database cannot be written")
    assert list(open_folder.iterdir()) == []


@pytest.fixture
def unwritable(open_folder: Path) -> Path:
    """A database that may be read but not written, in a folder where files may be made."""
    db = open_folder / "kanban.db"
    Database(db).close()
    open_folder.chmod(0o777)
    db.with_name("kanban.db.lock").chmod(0o666)
    db.chmod(0o444)
    return db


async def test_a_file_that_cannot_be_written_is_served_for_reading(unwritable: Path) -> None:
    server = Server(await spawn(as_nobody(unwritable)))
    await server.greet()
    assert (await server("list_boards"))["rows"] == []
    with pytest.raises(Refused) as refused:
        await server("create_board", name="Plan")
    assert refused.value.error["code"] == "read_only"
    assert await server.leave() == 0


def test_a_file_in_a_folder_that_does_not_exist_is_made_with_the_folder(tmp_path: Path) -> None:
    db = tmp_path / "new" / "folder" / "kanban.db"
    assert start(command(db)).returncode == 0
    assert stat.S_IMODE(db.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--toolsets", "core,everything"], "toolsets: unknown toolset 'everything'; there are core, boards"),
        (["--actor", ""], "actor: "),
        (["--bord", "Plan"], "No such option"),
        (["serv"], "No such command"),
    ],
)
def test_a_flag_that_makes_no_sense_is_refused(db: Path, flags: list[str], words: str) -> None:
    check_refused(start(command(db, *flags)), words)
    assert not db.exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KANBAN_READERS", "0", "readers: Input should be greater than or equal to 2"),
        ("KANBAN_BUSY_TIMEOUT", "soon", "busy_timeout: Input should be a valid number"),
        ("KANBAN_BUSY_TIMEOUT", "nan", "busy_timeout: Input should be a finite number"),
        ("KANBAN_LEASE_MINUTES", "nan", "lease_minutes: "),
        ("KANBAN_DURABILITY", "eternal", "durability: Input should be 'normal' or 'full'"),
        ("KANBAN_READ_ONLY", "perhaps", "read_only: Input should be a valid boolean"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused(db: Path, name: str, value: str, words: str) -> None:
    check_refused(start(command(db), {name: value}), words)
    assert not db.exists()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "Address already in use. Choose another --port"),
        ("192.0.2.1", "Cannot assign requested address. Choose another --host"),
    ],
)
def test_an_address_that_cannot_be_had_is_told_with_what_to_choose_instead(db: Path, host: str, words: str) -> None:
    started = start(command(db, "keys", "create", "--actor", "ann"))  # without one, other addresses are not served
    assert started.returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start(command(db, "serve", "--host", host, "--port", str(port)))
    check_refused(ended, f"kanban-mcp: The server cannot listen on {host}:{port}: {words}")
