"""A board with a past, a folder for files, and a second server to carry the board to."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.conftest import Call, SettableClock


@pytest.fixture
def app(db: Path, clock: SettableClock, tmp_path: Path) -> Iterator[App]:
    """An app with a folder for files."""
    (tmp_path / "files").mkdir()
    with open_app(Settings(db=db, toolsets=("all",), files=tmp_path / "files"), clock=clock) as opened:
        yield opened


@contextlib.contextmanager
def another(tmp_path: Path, clock: SettableClock) -> Iterator[tuple[App, Call]]:
    """A second app on a fresh file, with the same folder for files."""
    with open_app(
        Settings(db=tmp_path / "other.db", toolsets=("all",), files=tmp_path / "files"), clock=clock
    ) as opened:

        async def run(operation: str, /, actor: str = "bob", **arguments: Any) -> dict[str, Any]:
            return await opened.runner.call(operation, arguments, actor=actor)

        yield opened, run


@pytest.fixture
async def worked_on(call: Call, clock: SettableClock) -> dict[str, Any]:
    """A board with everything a board can have, and a past."""
    board = await call("create_board", name="Alpha", description="All of it → ü")
    await call("create_tag", tag="area")
    await call("create_tag", tag="docs", parent="area", color="#00ff00")
    await call(
        "create_tasks",
        tasks=[
            {"title": "one", "description": 'a "quoted"\nline\twith — things', "tags": ["docs"], "priority": 9},
            {"title": "two", "depends_on": ["$0"], "acceptance": ["[x] first", "second"], "status": "todo"},
            {"title": "three", "parent_id": "$1", "due_at": "2026-03-01", "assignee": "eve"},
            {"title": "four"},
            {"title": "five", "status": "todo"},
        ],
    )
    clock.advance(hours=1)
    await call("link_tasks", task_id=4, depends_on=1, kind="relates")
    await call("add_note", task_id=1, content="found out", category="decision", pinned=True)
    await call("move_task", task_id=4, status="todo", before=2)
    clock.advance(hours=1)
    await call("complete_task", task_id=1)
    await call("claim_next", actor="eve")
    await call("archive_task", task_id=4)
    await call("delete_task", task_id=5, confirm=True)
    clock.advance(hours=1)
    return board
