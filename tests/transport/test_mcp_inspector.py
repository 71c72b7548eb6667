"""The MCP Inspector, as others use it to try a server: it must list and call our tools, however it connects."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, CompletedProcess, run
from typing import Any, Protocol

import pytest

from tests.conformance.programs import environment, package
from tests.http.conftest import process

TOOL_ERROR = 5
"""The Inspector's exit code for an answer that is an error."""
WAYS = ["stdio-legacy", "stdio-modern", "http-legacy", "http-modern", "sse-legacy"]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "create_board": {"name": "Plan"},
    "create_task": {"title": "a"},
    "create_tasks": {"tasks": [{"title": "b"}, {"title": "c", "depends_on": ["$0"]}]},
    "search": {"query": "a"},
    "run_batch": {"calls": [{"operation": "list_tasks"}]},
    "set_columns": {"columns": [{"status": "todo", "category": "todo"}, {"status": "done", "category": "done"}]},
    "profile": {"seconds": 0.1},
    "invalidate_cache": {"pattern": "*"},
    "create_tag": {"name": "t"},
}
OF_A_TASK = {"task_id": 1}


class Inspect(Protocol):
    """Runs the Inspector's command line on our server; its JSON and its exit code."""

    def __call__(self, *arguments: str) -> tuple[int, dict[str, Any]]: ...


@pytest.fixture
def server(db: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """How the Inspector is told to reach a server of our own."""
    transport, _, era = request.param.partition("-")
    if transport == "stdio":
        arguments = ["-m", "kanban_mcp", "--db", str(db), "--toolsets", "all"]
        yield {"type": "stdio", "command": sys.executable, "args": arguments, "protocolEra": era}
        return
    with process(db, "--toolsets", "all") as url:
        kind, path = ("sse", "/sse") if transport == "sse" else ("streamable-http", "/mcp")
        yield {"type": kind, "url": url + path, "protocolEra": era}


@pytest.fixture
def inspect(server: dict[str, Any], tmp_path: Path) -> Inspect:
    """The Inspector on it."""
    program = package("@modelcontextprotocol/inspector").parents[1] / ".bin" / "mcp-inspector"
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"kanban": server}}))

    def ask(*arguments: str) -> tuple[int, dict[str, Any]]:
        ended: CompletedProcess[str] = run(
            [program, "--cli", "--config", config, "--server", "kanban", *arguments],
            env=environment(),
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
    named = ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments)]
    return [*named, "--format", "json"]


@pytest.mark.parametrize("server", WAYS, indirect=True)
def test_the_inspector_connects_lists_and_calls(inspect: Inspect, server: dict[str, Any]) -> None:
    code, answer = inspect("--method", "initialize")
    assert (code, answer["serverInfo"]["name"]) == (0, "kanban-mcp")
    modern = server["protocolEra"] == "modern"
    assert answer["protocolVersion"] == ("2026-07-28" if modern else "2025-11-25")
    code, answer = inspect("--method", "tools/list", "--format", "json")
    assert (code, [tool["name"] for tool in answer["result"]["tools"]][:2]) == (0, ["list_boards", "create_board"])
    code, answer = inspect(*call("create_board", name="Plan"))
    assert (code, answer["result"]["structuredContent"]["id"]) == (0, 1)
    code, answer = inspect(*call("get_task", task_id=9))
    assert (code, answer["result"]["structuredContent"]["code"]) == (TOOL_ERROR, "not_found")


@pytest.mark.long
@pytest.mark.parametrize("server", WAYS, indirect=True)
def test_the_inspector_calls_every_tool(inspect: Inspect) -> None:
    """With or without effect: each answers as the protocol has it, with the same in both of its forms."""
    _, answer = inspect("--method", "tools/list", "--format", "json")
    tools = {tool["name"]: tool for tool in answer["result"]["tools"]}
    for name in [*ARGUMENTS, *(name for name in tools if name not in ARGUMENTS)]:
        takes_a_task = "task_id" in tools[name]["inputSchema"].get("required", [])
        code, answer = inspect(*call(name, **ARGUMENTS.get(name, OF_A_TASK if takes_a_task else {})))
        assert code in (0, TOOL_ERROR), name
        result = answer["result"]
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"], name
