"""A disk that is full, a real one: clear refusals, nothing lost or half done, and on it goes when there is space."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import KanbanError
from kanban_mcp.settings import Settings
from tests.conftest import SettableClock

SIZE = 6 * 1024 * 1024
TEXT = "words and words " * 300


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("not run: only root can mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"not run: a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Callable[[], None]:
    """Leave hardly any space; the function answered gives it back."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096) == 4096:
            pass
    return lambda: ballast.unlink()


async def call(app: App, operation: str, **arguments: Any) -> dict[str, Any]:
    return await app.runner.call(operation, arguments, actor="ann")


async def refusal(app: App, operation: str, **arguments: Any) -> KanbanError:
    with pytest.raises(KanbanError) as caught:
        await app.runner.call(operation, arguments, actor="ann")
    return caught.value


async def check_sound(app: App, tasks: int) -> None:
    assert (await call(app, "get_health", check=True)).get("problems", []) == []
    assert (await call(app, "list_tasks", board="Alpha", limit=1))["total"] == tasks


async def test_a_backup_or_export_for_which_there_is_no_space_leaves_nothing(
    disk: Path, db: Path, clock: SettableClock
) -> None:
    with open_app(Settings(db=db, toolsets=("all",), files=disk), clock=clock) as app:
        await call(app, "create_board", name="Alpha")
        await call(app, "create_tasks", tasks=[{"title": "kept", "description": TEXT}] * 50)
        free = fill(disk)
        for operation in ("backup", "export_board"):
            error = await refusal(app, operation, file="copy")
            assert (error.code, "ull" in error.message or "space" in error.message) == ("busy", True), error.message
            assert os.listdir(disk) == ["ballast"]
        await call(app, "create_task", title="goes on")
        free()
        for operation in ("backup", "export_board"):
            assert (await call(app, operation, file=operation))["bytes"] > 50 * len(TEXT)
        await check_sound(app, 51)


async def test_an_import_for_which_there_is_no_space_leaves_the_board_as_it_was(
    disk: Path, tmp_path: Path, clock: SettableClock
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    with open_app(Settings(db=disk / "kanban.db", toolsets=("all",), files=files), clock=clock) as app:
        await call(app, "create_board", name="Alpha")
        await call(app, "create_tasks", tasks=[{"title": "kept", "description": TEXT}] * 50)
        await call(app, "export_board", file="alpha.jsonl")
        app.database.empty_log()
        free = fill(disk)
        error = await refusal(app, "import_board", file="alpha.jsonl", name="Beta")
        assert (error.code, "nothing was changed" in error.message) == ("busy", True), error.message
        assert len((await call(app, "list_boards"))["rows"]) == 1
        free()
        await check_sound(app, 50)
        assert (await call(app, "import_board", file="alpha.jsonl", name="Beta"))["tasks"] == 50
        await check_sound(app, 50)


async def test_a_write_for_which_there_is_no_space_is_refused_and_the_next_one_with_space_is_not(
    disk: Path, clock: SettableClock
) -> None:
    with open_app(Settings(db=disk / "kanban.db", toolsets=("all",)), clock=clock) as app:
        await call(app, "create_board", name="Alpha")
        free = fill(disk)
        made = 0
        for _ in range(500):
            try:
                await call(app, "create_task", title="one", description=TEXT)
                made += 1
            except KanbanError as error:
                assert (error.code, "nothing was changed" in error.message) == ("busy", True)
                break
        else:
            pytest.fail("the disk was never full")
        assert (await call(app, "list_tasks", limit=1))["total"] == made
        free()
        await call(app, "create_task", title="after", description=TEXT)
        await check_sound(app, made + 1)
