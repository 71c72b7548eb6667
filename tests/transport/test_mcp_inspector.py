"""The MCP Inspector, as others use it to try a server: it must list and call our tools, in both eras."""

import json
import os
import shutil
import sys
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, run
from typing import Any, Protocol

import platformdirs
import pytest

pytestmark = pytest.mark.long

PACKAGES = ("node@22", "@modelcontextprotocol/inspector@2.12.0")
"""The Inspector needs a newer node than most machines have; npm brings it as a package."""
TOOL_ERROR = 5
"""The Inspector's exit code for an answer that is an error."""


class Inspect(Protocol):
    """Runs the Inspector's command line on our server; its JSON and its exit code."""

    def __call__(self, *arguments: str) -> tuple[int, dict[str, Any]]: ...


@pytest.fixture(scope="session")
def inspector() -> Path:
    """The folder where the Inspector's programs are, kept between runs outside of the repository."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = platformdirs.user_cache_path("kanban-mcp-tests") / "inspector-2.12.0"
    programs = folder / "node_modules"
    if not (programs / ".bin" / "mcp-inspector").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        installed = run([npm, "install", "--silent", *PACKAGES], cwd=folder, stdin=DEVNULL, timeout=600, check=False)
        if installed.returncode != 0:
            pytest.skip("npm cannot install the Inspector; is there a network?")
    return programs


@pytest.fixture(params=["legacy", "modern"])
def inspect(inspector: Path, tmp_path: Path, db: Path, request: pytest.FixtureRequest) -> Inspect:
    """The Inspector in one era, on a server of our own that it starts."""
    server = {"type": "stdio", "command": sys.executable, "protocolEra": request.param}
    server["args"] = ["-m", "kanban_mcp", "--db", str(db), "--toolsets", "all"]
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"kanban": server}}))

    def ask(*arguments: str) -> tuple[int, dict[str, Any]]:
        path = os.pathsep.join((str(inspector / "node" / "bin"), os.environ["PATH"]))
        ended: CompletedProcess[str] = run(
            [inspector / ".bin" / "mcp-inspector", "--cli", "--config", config, "--server", "kanban", *arguments],
            env={**os.environ, "PATH": path, "MCP_INSPECTOR_SECRET_STORE": "memory"},
            capture_output=True,
            text=True,
            stdin=DEVNULL,
            timeout=120,
            check=False,
        )
        assert ended.stdout, ended.stderr
        answer: dict[str, Any] = json.loads(ended.stdout)
        return ended.returncode, answer

    return ask


def call(tool: str, **arguments: Any) -> list[str]:
    return [
        "--method",
        "tools/call",
        "--tool-name",
        tool,
        "--tool-args-json",
        json.dumps(arguments),
        "--format",
        "json",
    ]


def test_the_inspector_connects_in_its_era(inspect: Inspect, request: pytest.FixtureRequest) -> None:
    code, answer = inspect("--method", "initialize")
    assert (code, answer["serverInfo"]["name"]) == (0, "kanban-mcp")
    modern = "modern" in request.node.name
    assert answer["protocolVersion"] == ("2026-07-28" if modern else "2025-11-25")


def test_the_inspector_lists_the_tools(inspect: Inspect) -> None:
    code, answer = inspect("--method", "tools/list", "--format", "json")
    names = [tool["name"] for tool in answer["result"]["tools"]]
    assert code == 0
    assert names[:3] == ["list_boards", "create_board", "get_board"]


def test_the_inspector_calls_tools_and_tells_errors_from_answers(inspect: Inspect) -> None:
    code, answer = inspect(*call("create_board", name="Plan"))
    assert (code, answer["result"]["structuredContent"]["id"]) == (0, 1)
    code, answer = inspect(*call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}]))
    assert (code, answer["result"]["structuredContent"]["total"]) == (0, 2)
    code, answer = inspect(*call("get_task", task_id=9))
    assert (code, answer["result"]["structuredContent"]["code"]) == (TOOL_ERROR, "not_found")
