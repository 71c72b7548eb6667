"""`serve --demo --open`: a board to look at, alive, in a file of its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from kanban_mcp.app import App, open_app
from kanban_mcp.demo import story
from kanban_mcp.demo.past import fill
from kanban_mcp.settings import Settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PATIENCE = 60
SAYS_WHAT_IT_OPENS = "import sys; print('opened', sys.argv[1], file=sys.stderr)"


@contextmanager
def demo(*flags: str, env: dict[str, str] | None = None) -> Iterator[Iterator[str]]:
    """A server with the demo, as what it says on stderr, line by line. It must end in order."""
    command = [sys.executable, "-m", "kanban_mcp", "serve", "--demo", "--port", "0", *flags]
    without = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**without, **(env or {})}) as child:
        patience = threading.Timer(PATIENCE, child.kill)
        patience.start()
        assert child.stderr is not None
        yield iter(child.stderr)
        child.send_signal(signal.SIGTERM)
        child.wait(PATIENCE)
        patience.cancel()
    assert child.returncode == 0


def said(lines: Iterator[str], beginning: str) -> str:
    """What follows the first line that begins like this."""
    return next(line.removeprefix(beginning).strip() for line in lines if line.startswith(beginning))


@contextmanager
def filled(folder: Path) -> Iterator[App]:
    """The board of the demo at a certain moment, opened at that moment."""
    fill(folder / "demo.db", NOW)
    with open_app(Settings(db=folder / "demo.db", toolsets=("all",)), clock=lambda: NOW) as app:
        yield app


async def read(app: App, operation: str, **arguments: Any) -> dict[str, Any]:
    return await app.runner.call(operation, arguments, actor="eve")


async def test_the_board_has_everything_there_is_to_see(tmp_path: Path) -> None:
    with filled(tmp_path) as app:
        stats = await read(app, "get_board_stats")
        over = [column["status"] for column in stats["columns"] if column["tasks"] > column.get("wip_limit", 99)]
        assert over == ["review"]
        assert stats["blocked"] >= 3 and stats["overdue"] == 1 and stats["claimed"] == 6
        assert stats["high_priority"] >= 3 and stats["archived"] == 2 and stats["expired_leases"] == 0
        flow = await read(app, "get_flow_metrics")
        assert flow["finished"] >= 30 and flow["cycle_hours"]["p85"] > flow["cycle_hours"]["p50"] > 0
        assert all(any(row[at] for row in flow["days"]["rows"]) for at in range(3, 9))
        assert [row for row in flow["ageing"]["rows"] if "new disk" in row[1]]
        tasks = (await read(app, "get_board", limit=100))["tasks"]["rows"]
        stuck = next(row[0] for row in tasks if "new disk" in row[1])
        brief = await read(app, "get_task", task_id=stuck)
        assert brief["acceptance"] and {note["category"] for note in brief["notes"]} >= {"blocker", "question"}


async def test_the_board_is_the_same_each_time(tmp_path: Path) -> None:
    told = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with filled(tmp_path / name) as app:
            told.append(await read(app, "list_changes", limit=100, since=100))
    assert told[0] == told[1]


async def test_what_the_story_refers_to_is_there(tmp_path: Path) -> None:
    with filled(tmp_path) as app:
        titles = {number: (await read(app, "get_task", task_id=number))["title"] for number in (21, 32)}
    assert titles == {21: "Tell by mail when a parcel moves", 32: "Restore a backup in a drill"}


def test_agents_go_on_with_the_board_until_the_server_ends() -> None:
    with demo() as lines, httpx2.Client(base_url=said(lines, "kanban-mcp: serving on "), timeout=PATIENCE) as client:
        (board,) = client.get("/api/boards").json()["items"]
        assert board["name"] == story.BOARD
        since = client.get("/api/changes", params={"since": "9999-12-31T00:00:00Z"}).json()["next"]
        news = client.get("/api/changes", params={"since": since, "wait": 30}).json()["items"]
        assert news[0]["actor"] in story.AGENTS


def test_the_file_of_the_demo_goes_with_the_server(tmp_path: Path) -> None:
    with demo(env={"TMPDIR": str(tmp_path)}) as lines:
        said(lines, "kanban-mcp: serving on ")
        assert [path.name.startswith("kanban-demo-") for path in tmp_path.iterdir()] == [True]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_demo_left_is_swept_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    def folders() -> set[Path]:
        return set(tmp_path.glob("kanban-demo-*"))

    env = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "kanban_mcp", "serve", "--demo", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as child:
        assert child.stderr is not None
        said(iter(child.stderr), "kanban-mcp: serving on ")
        child.kill()
    (left,) = folders()
    foreign = tmp_path / "kanban-demo-of-another-kind"
    foreign.mkdir()
    (foreign / "demo.db").touch()
    with demo(env={"TMPDIR": str(tmp_path)}) as lines:
        said(lines, "kanban-mcp: serving on ")
        (living,) = folders() - {foreign}
        assert living != left
        with demo(env={"TMPDIR": str(tmp_path)}) as others:
            said(others, "kanban-mcp: serving on ")
            assert living in folders() and len(folders()) == 3
    assert folders() == {foreign}


def test_a_file_of_ones_own_is_not_touched(tmp_path: Path) -> None:
    db = tmp_path / "mine.db"
    with demo(env={"KANBAN_DB": str(db), "KANBAN_BOARD": "Mine"}) as lines:
        said(lines, "kanban-mcp: serving on ")
    assert not db.exists()
    command = [sys.executable, "-m", "kanban_mcp", "serve", "--demo", "--db", str(db)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert refused.returncode == 2
    assert "--demo serves a file of its own" in refused.stderr
    assert not db.exists()


def test_the_browser_is_opened_at_the_board(tmp_path: Path) -> None:
    script = tmp_path / "browser.py"
    script.write_text(SAYS_WHAT_IT_OPENS)
    with demo("--open", env={"BROWSER": f"{sys.executable} {script} %s"}) as lines:
        address = said(lines, "kanban-mcp: serving on ")
        assert said(lines, "opened ") == f"{address}/boards/1"


def test_where_there_is_no_browser_the_address_is_said() -> None:
    with demo("--open", env={"BROWSER": ""}) as lines:
        address = said(lines, "kanban-mcp: serving on ")
        assert said(lines, "kanban-mcp: there is no browser to open here; the board is at ") == f"{address}/boards/1"
