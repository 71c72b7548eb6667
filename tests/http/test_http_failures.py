"""Requests on which the server fails: a problem that tells nothing of what went wrong, and one entry in the log."""

import json
import logging
from typing import Any

import httpx2
import pytest

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.wire.introduction import MODERN_VERSION
from tests.conftest import Call
from tests.http.test_http_keys import bearing, made

META = {
    "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
}
CALL = {"name": "get_task", "arguments": {"task_id": 1}, "_meta": META}
MCP: dict[str, Any] = {
    "json": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL},
    "headers": {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN_VERSION,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "get_task",
    },
}


def lose_a_table(app: App) -> None:
    """Take away what only briefs of tasks need."""
    rename = lambda: app.database.run("test", "alter table notes rename to lost")  # noqa: E731
    app.writer.submit(rename, caller=Caller("test")).result()


def close_readers(app: App) -> None:
    """Take the connections away that all reading needs."""
    with app.database.reading():
        pass
    for reader in app.database._readers:
        reader.close()


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """A task that is in no cache."""
    return await call("create_task", title="x")


def failures(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the log was told of failures."""
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def check_told_to_nobody(answer: httpx2.Response) -> None:
    """Nothing of what went wrong, nor where, is in an answer."""
    for secret in ("Traceback", "closed database", "no such table", "sqlite", ".py", ".db", "Programming"):
        assert secret not in answer.text


async def test_an_operation_that_fails_is_a_500_and_logged_once(
    app: App, client: httpx2.AsyncClient, task: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    lose_a_table(app)
    answer = await client.get("/api/tasks/1")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "internal"
    check_told_to_nobody(answer)
    (record,) = failures(caplog)
    assert record.exc_info is not None
    assert "no such table" in str(record.exc_info[1])


async def test_a_tool_that_fails_is_an_error_and_logged_once(
    app: App, client: httpx2.AsyncClient, task: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    lose_a_table(app)
    answer = await client.post("/mcp", **MCP)
    result = answer.json()["result"]
    assert (answer.status_code, result["isError"]) == (200, True)
    assert json.loads(result["content"][0]["text"])["code"] == "internal"
    check_told_to_nobody(answer)
    assert len(failures(caplog)) == 1


@pytest.mark.parametrize(
    ("method", "address", "given"),
    [("GET", "/api/tasks/1", {}), ("POST", "/mcp", MCP), ("GET", "/metrics", {}), ("GET", "/sse", {})],
)
async def test_what_fails_before_any_operation_is_a_problem_too(
    app: App,
    client: httpx2.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    method: str,
    address: str,
    given: dict[str, Any],
) -> None:
    key = made(app, scope="admin")
    close_readers(app)
    answer = await client.request(method, address, **{**given, "headers": {**given.get("headers", {}), **bearing(key)}})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert (answer.json()["code"], answer.json()["instance"]) == ("internal", address)
    check_told_to_nobody(answer)
    assert key not in answer.text
    assert [key in record.getMessage() for record in failures(caplog)] == [False]
