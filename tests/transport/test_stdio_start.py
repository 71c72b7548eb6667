"""What a server has loaded when it has answered its first call: an agent waits for each module of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

KEPT = Path(__file__).parents[1] / "snapshots" / "modules.txt"
UPDATE = "UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/transport/test_stdio_start.py"
TELLING = """
import atexit, sys
from kanban_mcp.__main__ import main
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
main()
"""
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "pytest", "version": "1"}}
MESSAGES: list[dict[str, Any]] = [
    {"id": 1, "method": "initialize", "params": HELLO},
    {"method": "notifications/initialized"},
    {"id": 2, "method": "ping"},
    {"id": 3, "method": "tools/list"},
    {"id": 4, "method": "tools/call", "params": {"name": "list_tasks", "arguments": {}}},
    {"id": 5, "method": "tools/call", "params": {"name": "create_task", "arguments": {"title": "x"}}},
    {"id": 6, "method": "tools/call", "params": {"name": "get_task", "arguments": {"task_id": 1}}},
]
HEAVY = {"mcp", "mcp_types", "starlette", "uvicorn", "httpx2", "sqlite_utils", "structlog", "psutil", "yaml", "redis"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules of a server that has answered a few calls."""
    db = tmp_path_factory.mktemp("start") / "kanban.db"
    with open_app(Settings(db=db)):
        pass  # all starts but one find the file there
    text = "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in MESSAGES)
    command = [sys.executable, "-c", TELLING, "--db", str(db)]
    ended = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=True)
    assert len(ended.stdout.splitlines()) == len(MESSAGES) - 1
    return set(ended.stderr.split())


def test_the_first_calls_are_answered_without_what_is_heavy(loaded: set[str]) -> None:
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()


def test_what_is_loaded_for_the_first_call_is_as_it_was(loaded: set[str]) -> None:
    """Ours each, others by the name of the package."""
    standard = sys.stdlib_module_names
    others = {name.partition(".")[0] for name in loaded if name.partition(".")[0] not in standard}
    ours = {name for name in loaded if name.startswith("kanban_mcp.")}
    now = "\n".join(sorted(name for name in others | ours if not name.startswith("_"))) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        KEPT.write_text(now)
    assert now == KEPT.read_text(), f"is each of them needed so soon? If so run  {UPDATE}"
