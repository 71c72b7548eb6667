"""Copies of the whole file: taken while agents write, checked, and made into a database again."""

import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kanban_mcp.app import App, open_app
from kanban_mcp.cli import main
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from kanban_mcp.store.database import Database
from tests.conftest import Call


def run(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def titles(path: Path) -> list[str]:
    database = Database(path)
    try:
        with database.reading():
            return [row[0] for row in database.all("test", "select title from tasks order by id")]
    finally:
        database.close()


async def test_a_backup_is_one_state_while_others_write_and_restores_to_it(
    app: App, call: Call, tmp_path: Path
) -> None:
    await call("create_board", name="Alpha")
    await call("create_tasks", tasks=[{"title": f"task {number}"} for number in range(50)])
    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        number = 50
        while not stop.is_set():
            title = f"task {number}"
            app.writer.submit(lambda title=title: app.services.tasks.create_task(title), caller=Caller("a")).result()  # type: ignore[misc]
            number += 1
            wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert wrote.wait(30)
    for turn in range(3):
        await call("backup", file=f"copy{turn}.db")
    stop.set()
    writer.join()
    for turn in range(3):
        copy = tmp_path / "files" / f"copy{turn}.db"
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        restored = tmp_path / f"restored{turn}.db"
        assert run("restore", copy, "--db", restored).exit_code == 0
        kept = titles(restored)
        assert len(kept) > 50
        assert kept == [f"task {number}" for number in range(len(kept))]
        with open_app(Settings(db=restored, toolsets=("all",))) as back:
            health = await back.runner.call("get_health", {"check": True}, actor="ann")
            assert health.get("problems", []) == []


def test_a_backup_needs_no_server_and_leaves_the_file_as_it_was(tmp_path: Path, app: App) -> None:
    copy = tmp_path / "copy.db"
    done = run("backup", "--db", app.database.path, "--output", copy)
    assert (done.exit_code, "sound" in done.output) == (0, True)
    assert run("backup", "--db", app.database.path, "--output", copy).exit_code == 1
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


@pytest.mark.parametrize("there", ["", "-wal"])
def test_nothing_is_restored_over_or_beside_an_old_file(app: App, tmp_path: Path, there: str) -> None:
    copy, target = tmp_path / "copy.db", tmp_path / "old.db"
    assert run("backup", "--db", app.database.path, "--output", copy).exit_code == 0
    target.with_name(target.name + there).write_text("old")
    done = run("restore", copy, "--db", target)
    assert done.exit_code == 1
    assert target.with_name(target.name + there).read_text() == "old"
    assert target.exists() is (there == "")


@pytest.mark.parametrize("damage", ["text", "half", "page"])
def test_what_is_no_sound_backup_is_not_restored(app: App, tmp_path: Path, damage: str) -> None:
    copy, target = tmp_path / "copy.db", tmp_path / "new.db"
    assert run("backup", "--db", app.database.path, "--output", copy).exit_code == 0
    data = bytearray(copy.read_bytes())
    if damage == "text":
        data = bytearray(b"not a database")
    elif damage == "half":
        data = data[: len(data) // 2]
    else:
        data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    copy.write_bytes(data)
    done = run("restore", copy, "--db", target)
    assert done.exit_code == 1, done.output
    assert not target.exists()
    assert [path.name for path in tmp_path.iterdir() if "new" in path.name or "part" in path.name] == []


def test_a_database_that_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    done = run("backup", "--db", tmp_path / "none.db", "--output", tmp_path / "copy.db")
    assert (done.exit_code, "no such database" in done.output) == (1, True)
    assert list(tmp_path.iterdir()) == []
