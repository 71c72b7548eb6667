"""What a server has loaded when it has told its tools, and when it has answered calls: agents wait for each module."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.turns import TURN_SECONDS

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/transport/test_stdio_start.py"
TELLING = """
import atexit, sys
from kanban_mcp.__main__ import main

class Watch:
    def find_spec(self, name, path, target=None):
        if name == "kanban_mcp.app":
            print(*sys.modules, file=sys.stderr)

sys.meta_path.insert(0, Watch())
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
main()
"""
"""Tells what is loaded just before the operations are, and at the end."""
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "pytest", "version": "1"}}
INTRODUCTION: list[dict[str, Any]] = [
    {"id": 1, "method": "initialize", "params": HELLO},
    {"method": "notifications/initialized"},
    {"id": 2, "method": "ping"},
]
LIST: dict[str, Any] = {"id": 3, "method": "tools/list"}
CALLS: list[dict[str, Any]] = [
    {"id": 4, "method": "tools/call", "params": {"name": "list_tasks", "arguments": {}}},
    {"id": 5, "method": "tools/call", "params": {"name": "create_task", "arguments": {"title": "x"}}},
    {"id": 6, "method": "tools/call", "params": {"name": "get_task", "arguments": {"task_id": 1}}},
]
HEAVY = {"mcp", "mcp_types", "starlette", "uvicorn", "httpx2", "sqlite_utils", "structlog", "psutil", "yaml", "redis"}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that was served before, as in all starts but one."""
    path = tmp_path_factory.mktemp("start") / "kanban.db"
    with open_app(Settings(db=path)):
        return path


@pytest.fixture(scope="module")
def loaded(db: Path) -> list[set[str]]:
    """The modules of a server that has answered a few calls, before the first one and after them."""
    return told(db, *INTRODUCTION, LIST, *CALLS)


def told(db: Path, *messages: dict[str, Any]) -> list[set[str]]:
    text = "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
    command = [sys.executable, "-c", TELLING, "--db", str(db)]
    ended = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=True)
    assert len(ended.stdout.splitlines()) == sum("id" in message for message in messages)
    return [set(line.split()) for line in ended.stderr.splitlines()]


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_tools_are_listed_without_what_calls_of_them_need(loaded: list[set[str]]) -> None:
    assert packages(loaded[0]) & {*HEAVY, "pydantic"} == set()


def test_the_first_calls_are_answered_without_what_is_heavy(loaded: list[set[str]]) -> None:
    assert packages(loaded[1]) & HEAVY == set()


def test_what_calls_need_is_loaded_once_a_client_has_its_tools(db: Path) -> None:
    _, after = told(db, *INTRODUCTION, LIST)
    assert "kanban_mcp.app" in after


def test_a_client_that_lists_no_tools_makes_nothing_load(db: Path) -> None:
    (only,) = told(db, *INTRODUCTION)
    assert "kanban_mcp.app" not in only


def test_a_thread_that_computes_hands_over_to_the_loop_soon(db: Path) -> None:
    telling = """
import atexit, sys
from kanban_mcp.__main__ import main

atexit.register(lambda: print(sys.getswitchinterval(), file=sys.stderr))
main()
"""
    command = [sys.executable, "-c", telling, "--db", str(db)]
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=True)
    assert float(ended.stderr) == TURN_SECONDS


@pytest.mark.parametrize(("moment", "file"), [(0, "modules_listing.txt"), (1, "modules.txt")])
def test_what_is_loaded_is_as_it_was(loaded: list[set[str]], moment: int, file: str) -> None:
    """Ours each, others by the name of the package."""
    others = packages(loaded[moment]) - sys.stdlib_module_names
    ours = {name for name in loaded[moment] if name.startswith("kanban_mcp.")}
    now = "\n".join(sorted(name for name in others | ours if not name.startswith("_"))) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        (SNAPSHOTS / file).write_text(now)
    assert now == (SNAPSHOTS / file).read_text(), f"is each of them needed so soon? If so run  {UPDATE}"
