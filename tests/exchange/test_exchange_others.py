"""While a board is written, others read on; who writes waits, or is told that the store is busy."""

from concurrent.futures import Future
from typing import Any

import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import Busy
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.task import Task
from kanban_mcp.progress import heard_by
from kanban_mcp.store.database import Database, DatabaseOptions
from tests.conftest import Call


async def test_others_read_on_and_are_busy_or_next(app: App, call: Call, worked_on: dict[str, Any]) -> None:
    await call("export_board", file="a.jsonl")
    with app.database.reading(Caller("ann")):
        write = app.services.imports.prepare_import(file="a.jsonl", name="Beta")
    another = Database(app.database.path, DatabaseOptions(busy_timeout=0.2))
    queued: list[Future[Task]] = []
    seen: list[int] = []

    def look(done: int, total: int) -> None:
        """On the writer's thread, in the middle of the import."""
        if seen:
            return
        with another.reading():
            seen.append(another.value("test", "select count(*) from boards"))
        with pytest.raises(Busy), another.writing():
            pass
        queued.append(app.writer.submit(lambda: app.services.tasks.create_task("next", board=1), caller=Caller("b")))

    with heard_by(look):
        made = app.writer.submit(write, caller=Caller("ann")).result(30)
    assert (seen, made.board_id) == ([1], 2)
    assert queued[0].result(30).title == "next"
    with another.writing():
        pass
    another.close()
