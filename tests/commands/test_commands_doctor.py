"""`kanban-mcp doctor` on real files with planted defects: each is found and mended, and the rest stays as it was."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from click.testing import CliRunner, Result

from kanban_mcp.app import open_app
from kanban_mcp.cli import main
from kanban_mcp.settings import Settings
from kanban_mcp.store.engine import sqlite3

Examine = Callable[..., Result]


async def fill(db: Path) -> None:
    """Make a file in which every kind of thing is."""
    with open_app(Settings(db=db, toolsets=("all",))) as app:

        async def call(operation: str, **arguments: Any) -> dict[str, Any]:
            return await app.runner.call(operation, arguments, actor="ann")

        await call("create_board", name="Plan")
        tasks = [{"title": f"step {number}", "tags": ["core"], "acceptance": ["it runs"]} for number in range(8)]
        await call("create_tasks", tasks=tasks)
        await call("create_tag", tag="parser", parent="core")
        await call("link_tasks", task_id=2, depends_on=1)
        await call("link_tasks", task_id=3, depends_on=2)
        await call("create_task", title="part of 4", parent_id=4)
        await call("add_note", task_id=1, content="an early word")
        await call("claim_next", task_id=5)
        await call("claim_next", task_id=6)
        await call("complete_task", task_id=6)
        await call("create_task", title="gone again")
        await call("delete_task", task_id=10, confirm=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with nothing wrong, which no one uses."""
    file = tmp_path_factory.mktemp("model") / "kanban.db"
    anyio.run(fill, file)
    return file


@pytest.fixture
def sound(db: Path, model: Path) -> Path:
    """A file of one's own with nothing wrong."""
    shutil.copy(model, db)
    return db


def rows(db: Path) -> list[tuple[Any, ...]]:
    """The tasks in a file."""
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as connection:
        return list(connection.execute("select * from tasks order by id"))


@pytest.fixture
def examine(db: Path) -> Examine:
    """`kanban-mcp doctor` as typed."""
    return lambda *flags: CliRunner().invoke(main, ["--db", str(db), "doctor", *flags])


def tamper(db: Path, *statements: str) -> None:
    """Change a file behind the program's back."""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("pragma writable_schema = on")
        for statement in statements:
            connection.execute(statement)


DEFECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a wrong count of tasks": ("task_counts", ("update columns set task_count = 77 where status = 'backlog'",)),
    "a wrong count of blockers": ("blocked_counts", ("update tasks set blocked_by = 9 where id = 7",)),
    "a note of no task": ("references", ("update notes set task_id = 999",)),
    "a tagging with no tag": ("references", ("insert into task_tags values (1, 99)",)),
    "a subtask of no task": ("references", ("update tasks set parent_id = 999 where id = 9",)),
    "a tag under no tag": ("references", ("update tags set parent_id = 99 where name = 'parser'",)),
    "a column that is gone": ("columns", ("delete from columns where status = 'backlog'",)),
    "a board that is gone": ("columns", ("delete from boards",)),
    "a place that is none": ("positions", ("update tasks set position = 'first' where id = 3",)),
    "one place for two": (
        "positions",
        (
            "drop index tasks_by_position",
            "update tasks set position = (select position from tasks where id = 2) where id = 3",
        ),
    ),
    "a list that cannot be read": ("acceptance", ("update tasks set acceptance = 'as agreed' where id = 1",)),
    "an open task in done": ("completion", ("update tasks set completed_at = null where id = 6",)),
    "a claim on what is over": (
        "claims",
        ("update tasks set claimed_by = 'bob', lease_expires_at = '2026-01-01T00:00:00.000000Z' where id = 6",),
    ),
    "a lease that ran out long ago": (
        "abandoned",
        ("update tasks set lease_expires_at = '2020-01-01T00:00:00.000000Z' where id = 5",),
    ),
    "a circle of links": ("circles", ("insert into dependencies values (1, 3, 'blocks')",)),
    "a circle of tags": ("circles", ("update tags set parent_id = 2 where id = 1",)),
    "a text index that drifted": ("text_indexes", ("drop trigger tasks_fts_update", "update tasks set title = 'zz'")),
    "a trigger that is missing": ("schema", ("drop trigger tasks_counted_on",)),
    "an index that is missing": ("schema", ("drop index tasks_ready",)),
    "a table that is missing": ("schema", ("drop table idempotency",)),
    "an altered trigger": (
        "schema",
        (
            "drop trigger notes_fts_insert",
            "create trigger notes_fts_insert after insert on notes begin select 1; end",
        ),
    ),
    "ids that would come again": ("sequences", ("update sqlite_sequence set seq = 3 where name = 'tasks'",)),
    "a header that is lost": ("header", ("pragma application_id = 0",)),
    "a version that is lost": ("header", ("pragma user_version = 0",)),
    "no write-ahead log": ("journal", ("pragma journal_mode = delete",)),
    "a change that was not logged": ("log", ("update tasks set title = 'changed in the dark' where id = 2",)),
    "a task that was not logged": ("log", ("delete from changes where entity_id = 8 and entity = 'task'",)),
    "a deletion that was not logged": ("log", ("delete from tasks where id = 7",)),
    "a link that was not logged": ("log", ("insert into dependencies values (7, 8, 'relates')",)),
    "other columns than logged": ("log", ("update columns set wip_limit = 7 where status = 'review'",)),
    "a tag's color that was not logged": ("log", ("update tags set color = '#00ff00' where id = 1",)),
}
"""What is planted, the check that must find it, and how it is planted."""


@pytest.mark.parametrize(("check", "statements"), DEFECTS.values(), ids=DEFECTS.keys())
def test_each_planted_defect_is_found_and_mended(
    sound: Path, examine: Examine, check: str, statements: tuple[str, ...]
) -> None:
    tamper(sound, *statements)
    before, damaged = sound.read_bytes(), rows(sound)
    found = examine("--json")
    findings = json.loads(found.stdout)["findings"]
    assert check in {finding["check"] for finding in findings}
    assert found.exit_code == (1 if any(not finding.get("warning") for finding in findings) else 0)
    assert sound.read_bytes() == before, "examined is not written"

    fixed = examine("--fix", "--json")
    report = json.loads(fixed.stdout)
    assert (fixed.exit_code, report["remaining"]) == (0, [])
    assert rows(Path(report["backup"])) == damaged
    assert stat.S_IMODE(os.stat(report["backup"]).st_mode) == 0o600


def test_all_defects_at_once_are_mended_and_the_file_serves(sound: Path, examine: Examine) -> None:
    assert examine().exit_code == 0
    alone = ("one place for two", "a text index that drifted")
    for name, (_, statements) in DEFECTS.items():
        if name not in alone:
            tamper(sound, *statements)
    found = {finding["check"] for finding in json.loads(examine("--json").stdout)["findings"]}
    assert len(found) >= 12, found
    fixed = examine("--fix", "--json")
    assert (fixed.exit_code, json.loads(fixed.stdout)["remaining"]) == (0, [])
    with open_app(Settings(db=sound)) as app, app.database.reading():
        assert app.services.boards.list_boards().rows


def test_findings_are_told_in_sentences_with_what_fix_does(sound: Path, examine: Examine) -> None:
    assert examine().stdout == "Nothing is wrong.\n"
    assert examine("--fix").stdout == "Nothing is wrong.\n"
    assert not list(sound.parent.glob("*.backup"))
    tamper(sound, "update tasks set blocked_by = 9 where id = 7")
    told = examine()
    assert told.exit_code == 1
    assert told.stdout.splitlines() == [
        "wrong    blocked_counts: The count of what blocks task 7 is wrong. --fix counts anew.",
        "Run it with --fix to mend this; a backup is made first.",
    ]
    assert "Mended. The file as it was: " in examine("--fix").stdout


def test_pages_that_are_lost_are_told_and_left_to_a_backup(sound: Path, examine: Examine) -> None:
    with closing(sqlite3.connect(sound)) as connection:
        page = connection.execute("select rootpage from sqlite_master where name = 'notes'").fetchone()[0]
    damaged = bytearray(sound.read_bytes())
    damaged[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    sound.write_bytes(damaged)
    found = examine()
    assert found.exit_code == 1
    assert "wrong    pages: " in found.stdout
    assert sound.read_bytes() == damaged
    assert examine("--fix").exit_code in (1, 2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no such database file."),
        (b"Dear diary, this is not a database.\n" * 100, "The file is not a database."),
        (b"", "The file is not one of kanban-mcp."),
    ],
)
def test_what_cannot_be_examined_is_said(db: Path, examine: Examine, content: bytes | None, sentence: str) -> None:
    if content is not None:
        db.write_bytes(content)
    for flags in ((), ("--fix",)):
        ended = examine(*flags)
        assert (ended.exit_code, ended.stdout) == (2, "")
        assert sentence in ended.stderr
        assert (db.read_bytes() if db.exists() else None) == content


def test_a_file_of_a_newer_program_is_left_alone(sound: Path, examine: Examine) -> None:
    tamper(sound, "pragma user_version = 99")
    before = sound.read_bytes()
    ended = examine("--fix")
    assert ended.exit_code == 2
    assert "Upgrade kanban-mcp" in ended.stderr
    assert sound.read_bytes() == before


async def test_a_server_goes_on_and_sees_what_was_mended(sound: Path) -> None:
    with open_app(Settings(db=sound)) as app:

        async def board() -> dict[str, Any]:
            return await app.runner.call("get_board", {}, actor="ann")

        await board()
        tamper(sound, "update columns set task_count = 987654 where status = 'backlog'")  # no part of any time
        await app.runner.call("update_task", {"task_id": 1, "title": "first"}, actor="ann")
        assert "987654" in json.dumps(await board())
        fixed = await anyio.to_thread.run_sync(
            lambda: CliRunner().invoke(main, ["--db", str(sound), "doctor", "--fix"]), abandon_on_cancel=True
        )
        assert fixed.exit_code == 0, fixed.output
        assert "987654" not in json.dumps(await board())
        await app.runner.call("update_task", {"task_id": 1, "title": "last"}, actor="ann")


def test_the_log_of_a_killed_server_is_read_and_left(sound: Path, examine: Examine) -> None:
    writer = sqlite3.connect(sound, isolation_level=None)
    writer.execute("update tasks set blocked_by = 9 where id = 7")
    log = sound.with_name("kanban.db-wal")
    before = (sound.read_bytes(), log.read_bytes())
    copy = sound.with_name("copy.db")
    copy.write_bytes(before[0])
    copy.with_name("copy.db-wal").write_bytes(before[1])
    writer.close()
    found = CliRunner().invoke(main, ["--db", str(copy), "doctor"])
    assert "blocked_counts" in found.stdout
    assert (copy.read_bytes(), copy.with_name("copy.db-wal").read_bytes()) == before


def test_what_came_from_elsewhere_is_sound_though_the_log_does_not_tell_its_beginning(
    sound: Path, examine: Examine, tmp_path: Path
) -> None:
    def typed(*words: str) -> None:
        result = CliRunner().invoke(main, ["--db", str(sound), *words])
        assert result.exit_code == 0, result.output

    typed("export", "Plan", "--output", str(tmp_path / "plan.jsonl"))
    typed("import", str(tmp_path / "plan.jsonl"), "--name", "Again")
    assert examine().stdout == "Nothing is wrong.\n"
    typed("tag", "edit", "core", "--name", "heart")
    typed("task", "edit", "12", "--title", "another")
    assert examine().stdout == "Nothing is wrong.\n"
    typed("board", "delete", "Again", "--yes")
    assert examine().stdout == "Nothing is wrong.\n"
    tamper(sound, "update tasks set title = 'changed in the dark' where id = 2")
    assert "Task 2: the log tells another title" in examine().stdout


def test_a_trimmed_log_is_not_held_against_the_tables(sound: Path, examine: Examine) -> None:
    tamper(sound, "delete from changes where seq < 8")
    assert examine().stdout == "Nothing is wrong.\n"


@pytest.fixture
def read_only(sound: Path, tmp_path: Path) -> Iterator[Path]:
    """A sound file on a disk that takes no writes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("not run: only root can mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        pytest.skip("not run: a file system cannot be mounted here")
    try:
        shutil.copy(sound, place / "kanban.db")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place / "kanban.db"
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("flags", [[], ["--fix"]])
def test_a_file_on_a_disk_that_takes_no_writes_is_to_be_copied(read_only: Path, flags: list[str]) -> None:
    ended = CliRunner().invoke(main, ["doctor", *flags, "--db", str(read_only)])
    assert ended.exit_code == 2
    assert f"cannot be written, and SQLite shares memory there even to read: {read_only.parent}. Copy" in ended.stderr
