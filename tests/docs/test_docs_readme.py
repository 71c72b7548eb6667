"""The lines in the README by which the server is reached over HTTP are run as they stand there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kanban_mcp.app import App
from tests.conformance.programs import environment, package
from tests.docs.test_docs_examples import ROOT, blocks
from tests.http.conftest import PATIENCE, serving

PROGRAMS = {"claude", "npx", "curl", "(echo"}
"""What the lines begin with; the first is another's and needs an account."""


def lines(program: str) -> list[str]:
    """The README's lines for a shell that name the server's address, and begin with a program."""
    found = [line for line in "".join(blocks(ROOT / "README.md")).splitlines() if "//127.0.0.1:8765" in line]
    assert {line.split()[0] for line in found} == PROGRAMS
    return [line for line in found if line.split()[0] == program]


@pytest.fixture
def server(app: App) -> Iterator[str]:
    """The host and port of a server with a board called Plan."""
    with serving(app) as url:
        assert httpx2.post(f"{url}/api/boards", json={"name": "Plan"}).is_success
        yield url.removeprefix("http://")


def shell(line: str, server: str) -> str:
    """A line for this server."""
    return line.replace("127.0.0.1:8765", server).replace(".venv/bin/", f"{Path(sys.executable).parent}/")


def printed(command: str, env: dict[str, str] | None = None) -> Any:
    """The JSON that a command prints."""
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, env=env)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_lines_for_a_terminal_make_a_board_and_a_task_on_it(tmp_path: Path) -> None:
    (block,) = [text for text in blocks(ROOT / "README.md") if "kanban-mcp task add" in text]
    typed = [line for line in block.splitlines() if "watch" not in line]
    assert typed[0] == 'export PATH="$PWD/.venv/bin:$PATH"'
    script = "\n".join(["set -e", f'PATH="{Path(sys.executable).parent}:$PATH"', *typed[1:]])
    env = {**os.environ, "KANBAN_DB": str(tmp_path / "board.db")}
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False, env=env)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Parse the files") == 2


def test_the_lines_with_curl_make_a_task_and_list_it(server: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("THE LINES WITH CURL DID NOT RUN: there is no curl")
    making, listing = lines("curl")
    made = printed(shell(making, server))
    assert (made["title"], made["status"]) == ("Read it all", "backlog")
    assert [row["title"] for row in printed(shell(listing, server))["items"]] == ["Read it all"]


def test_the_line_with_the_inspector_lists_tools(server: str) -> None:
    program = package("@modelcontextprotocol/inspector").parents[1] / ".bin" / "mcp-inspector"
    (listing,) = lines("npx")
    line = shell(listing, server).replace("npx @modelcontextprotocol/inspector", str(program))
    tools = printed(f"{line} --format json", env=environment())["result"]["tools"]
    assert {"claim_next", "get_task"} <= {tool["name"] for tool in tools}


def test_the_line_with_a_websocket_shows_changes_until_its_input_ends(server: str) -> None:
    (line,) = lines("(echo")
    command = ["bash", "-c", shell(line, server)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        said = iter(child.stdout.readline, "")
        assert any('"type":"welcome"' in text for text in said)
        # In the room once this is answered; the first line was read before it.
        child.stdin.write('{"type": "ping"}\n')
        child.stdin.flush()
        assert any('"type":"pong"' in text for text in said)
        assert httpx2.post(f"http://{server}/api/tasks", json={"title": "Heard of"}).is_success
        assert any('"title":"Heard of"' in text for text in said)
        child.stdin.close()
        assert child.wait(PATIENCE) == 0
