"""Files of earlier versions open, with what is in them."""

from pathlib import Path

from sqlite_utils import Database as SchemaTool

from kanban_mcp.app import open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from kanban_mcp.store.database import APPLICATION_ID, SCHEMA_VERSION
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.schema import migrations


def of_version_1(db: Path) -> None:
    """A file as version 1 of the schema left it, with a board."""
    connection = sqlite3.connect(db, isolation_level=None)
    migrations.apply(SchemaTool(connection, execute_plugins=False), stop_before="0002_api_keys")
    connection.execute("pragma user_version = 1")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute("insert into boards (name, created_at, updated_at) values ('Old', '2026-01-01', '2026-01-01')")
    connection.close()


async def test_a_file_of_version_1_opens_with_its_boards_and_takes_keys(db: Path) -> None:
    of_version_1(db)
    with open_app(Settings(db=db)) as app:
        assert (await app.runner.call("list_boards", {}, actor="ann"))["rows"][0][1] == "Old"
        app.writer.submit(lambda: app.services.keys.create("ci", "read"), caller=Caller("test")).result(10)
        with app.database.reading():
            assert app.database.value("test", "pragma user_version") == SCHEMA_VERSION
            assert app.services.keys.any()
