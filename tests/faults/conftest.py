"""Servers on the test's own file, and a look into the file they leave."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.store.database import Database
from tests.faults.servers import Serve, Server, Table, command, spawn


@pytest.fixture
async def serve(db: Path) -> AsyncIterator[Serve]:
    """Servers on one file; all are gone at the end."""
    async with AsyncExitStack() as stack:

        async def start(*flags: str, env: dict[str, str] | None = None) -> Server:
            server = Server(await spawn(command(db, *flags), env))
            stack.push_async_callback(server.close)
            await server.greet()
            return server

        yield start


@pytest.fixture
def table(db: Path) -> Table:
    """Rows as they are in the file."""

    def rows(sql: str) -> list[dict[str, Any]]:
        database = Database(db)
        try:
            with database.reading():
                return [dict(row) for row in database.all("test.rows", sql)]
        finally:
            database.close()

    return rows


@pytest.fixture
def check_sound(db: Path) -> Callable[[], None]:
    """Checks that the file is whole, its indexes fit, and that counts kept beside the rows are those of the rows."""

    def check() -> None:
        database = Database(db)
        try:
            with database.reading():
                assert [row[0] for row in database.all("test.integrity", "pragma integrity_check")] == ["ok"]
                assert database.all("test.foreign_keys", "pragma foreign_key_check") == []
                for name, sql in _AGREE.items():
                    assert [tuple(row) for row in database.all(f"test.{name}", sql)] == [], name
            with database.writing() as connection:
                for index in ("tasks_fts", "notes_fts"):
                    connection.execute(f"insert into {index} ({index}, rank) values ('integrity-check', 1)")  # noqa: S608 - constant names
        finally:
            database.close()

    return check


_AGREE = {
    "positions": """
        select board_id, status, position from tasks where archived_at is null
        group by board_id, status, position having count(*) > 1
    """,
    "column_counts": """
        select c.board_id, c.status, c.task_count, count(t.id) from columns c
        left join tasks t on t.board_id = c.board_id and t.status = c.status and t.archived_at is null
        group by c.id having c.task_count <> count(t.id)
    """,
    "blocker_counts": """
        select t.id, t.blocked_by, count(n.id) as open from tasks t
        left join (
            select d.task_id as waiting, d.depends_on as id from dependencies d where d.kind = 'blocks'
            union all select parent_id, id from tasks where parent_id is not null
        ) needed on needed.waiting = t.id
        left join tasks n on n.id = needed.id and n.completed_at is null and n.archived_at is null
        group by t.id having t.blocked_by <> count(n.id)
    """,
    "unlogged": """
        select id from tasks where id not in
            (select entity_id from changes where entity = 'task' and action = 'created')
    """,
    "done": """
        select t.id from tasks t join columns c on c.board_id = t.board_id and c.status = t.status
        where (c.category = 'done') <> (t.completed_at is not null)
    """,
    "gaps": "select max(seq), count(*) from changes having max(seq) <> count(*)",
}
"""Each names what must agree, and finds the rows where it does not."""
