"""A file that is taken away from under a server: no write is acknowledged that nobody would find again."""

import shutil
from pathlib import Path

import pytest
from anyio import Path as AsyncPath

from tests.faults.servers import Refused, Serve


def take_away(db: Path, *, replaced: bool) -> Path:
    """The file under another name, with or without a copy at the old one."""
    kept = db.rename(db.with_name("kept.db"))
    if replaced:
        shutil.copy(kept, db)
    return kept


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_server_whose_file_was_taken_away_says_so_and_writes_nothing(
    serve: Serve, db: Path, replaced: bool
) -> None:
    server = await serve()
    await server("create_board", name="Plan")
    await server("create_task", title="kept")
    kept = take_away(db, replaced=replaced)
    for operation, arguments in (("create_task", {"title": "lost"}), ("update_task", {"task_id": 1, "title": "lost"})):
        with pytest.raises(Refused) as refused:
            await server(operation, **arguments)
        assert refused.value.error["code"] == "read_only"
        assert "restart" in refused.value.error["hint"]
    health = await server("get_health", check=True)
    assert (health["status"], "removed or replaced" in health["problems"][0]) == ("failing", True)
    assert await AsyncPath(db).exists() is replaced, "a file was made at the path"
    await AsyncPath(kept).replace(db)
    await server("create_task", title="found again")
    assert (await server("list_tasks"))["total"] == 2
