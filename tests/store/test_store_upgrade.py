"""Files of earlier versions open, with what is in them."""

from pathlib import Path

import pytest
from sqlite_utils import Database as SchemaTool

from kanban_mcp.app import open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.ownership import APPLICATION_ID, SCHEMA_VERSION
from kanban_mcp.store.schema import migrations

STEPS = [step.name for step in migrations._migrations]
FORMER = range(1, SCHEMA_VERSION)
CONTENT = """
insert into boards (name, created_at, updated_at) values ('Old', '2026-01-01', '2026-01-01');
insert into boards (name, created_at, updated_at) values ('Other', '2026-01-01', '2026-01-01');
insert into columns (board_id, status, name, position, category) values (1, 'todo', 'To do', 0, 'todo');
insert into columns (board_id, status, name, position, category) values (1, 'done', 'Done', 1, 'done');
insert into columns (board_id, status, name, position, category) values (2, 'todo', 'To do', 0, 'todo');
insert into columns (board_id, status, name, position, category) values (2, 'done', 'Done', 1, 'done');
insert into tasks (board_id, status, position, title, description, created_by, created_at, updated_at)
values (1, 'todo', 'a00000000000', 'Solder', 'the flux capacitor', 'ann', '2026-01-01', '2026-01-01');
insert into tasks (board_id, status, position, title, created_by, created_at, updated_at)
values (2, 'todo', 'a00000000000', 'Paint', 'ann', '2026-01-01', '2026-01-01');
insert into notes (task_id, content, category, author, created_at, updated_at)
values (2, 'no capacitor here', 'general', 'ann', '2026-01-01', '2026-01-01');
"""


def of_version(version: int, db: Path) -> None:
    """A file as a version of the schema left it, with two boards, a task on each, and a note."""
    connection = sqlite3.connect(db, isolation_level=None)
    migrations.apply(SchemaTool(connection, execute_plugins=False), stop_before=STEPS[version])
    connection.execute(f"pragma user_version = {version}")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.executescript(CONTENT)
    connection.close()


@pytest.mark.parametrize("version", FORMER)
async def test_a_file_of_a_former_version_opens_with_its_boards_and_takes_keys(db: Path, version: int) -> None:
    of_version(version, db)
    with open_app(Settings(db=db)) as app:
        assert (await app.runner.call("list_boards", {}, actor="ann"))["rows"][0][1] == "Old"
        app.writer.submit(lambda: app.services.keys.create("ci", "read"), caller=Caller("test")).result(30)
        with app.database.reading():
            assert app.database.value("test", "pragma user_version") == SCHEMA_VERSION
            assert app.services.keys.any()


@pytest.mark.parametrize("version", FORMER)
async def test_the_text_of_a_former_version_is_found_and_goes_on_being_kept(db: Path, version: int) -> None:
    of_version(version, db)
    with open_app(Settings(db=db, toolsets=("all",))) as app:

        async def hits(query: str, **arguments: object) -> list[list[object]]:
            page = await app.runner.call("search", {"query": query, **arguments}, actor="ann")
            return [row[:2] for row in page["rows"]]

        assert await hits("capacitor", board="Old") == [["task", 1]]
        assert await hits("capac", board="Other") == [["note", 1]]
        await app.runner.call("update_task", {"task_id": 1, "description": "a resistor"}, actor="ann")
        await app.runner.call("delete_task", {"task_id": 2, "confirm": True}, actor="ann")
        assert await hits("capacitor") == []
        assert await hits("resistor", board="Old") == [["task", 1]]
        assert "problems" not in await app.runner.call("get_health", {"check": True}, actor="ann")


async def test_of_a_long_upgrade_the_log_tells(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    of_version(3, db)
    with open_app(Settings(db=db)):
        pass
    assert [(record.message, record.__dict__["table"]) for record in caplog.records] == [
        ("the text index is built anew", "tasks"),
        ("the text index is built anew", "notes"),
    ]
