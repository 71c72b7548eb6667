"""A file damaged on the disk: neutral words to the agent, and the rest is served on."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.faults.servers import Refused, Serve, Server

PAGE = 4096
INTERNALS = re.compile(r"Traceback|File \"|\.py|/tmp|sqlite|\bselect\b|malformed", re.I)
WITNESS = "an unmistakable text, long enough to fill pages of its own: "


def overwrite(db: Path, text: str) -> int:
    """Destroy the pages that hold a text, while nobody has the file open; how many those are."""
    damaged = bytearray(db.read_bytes())
    pages = [start for start in range(0, len(damaged), PAGE) if text.encode() in damaged[start : start + PAGE]]
    for start in pages:
        damaged[start : start + PAGE] = b"\xff" * PAGE
    db.write_bytes(damaged)
    return len(pages)


@pytest.fixture
async def server(serve: Serve, db: Path) -> Server:
    """A server on a file in which one task's row was destroyed after the last server closed it."""
    first = await serve()
    await first("create_board", name="Plan")
    await first("create_tasks", tasks=[{"title": f"{WITNESS}{number}"} for number in range(80)])
    await first.leave()
    assert overwrite(db, f"{WITNESS}40") > 0
    return await serve()


async def failure(server: Server, operation: str, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(Refused) as refused:
        await server(operation, **arguments)
    return refused.value.error


async def test_damage_is_told_in_neutral_words_and_the_rest_is_served_on(server: Server) -> None:
    calls: dict[str, dict[str, Any]] = {
        "get_task": {"task_id": 41},
        "list_tasks": {"limit": 100},
        "update_task": {"task_id": 41, "title": "x"},
    }
    for operation, arguments in calls.items():
        error = await failure(server, operation, **arguments)
        assert error["code"] == "internal"
        assert "backup" in error["hint"]
        assert not INTERNALS.search(str(error))
    assert [row[1] for row in (await server("list_boards"))["rows"]] == ["Plan"]
    assert (await server("create_board", name="Another"))["id"] == 2
