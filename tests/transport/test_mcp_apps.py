"""The tool that shows a board in the client's host, its page, and what clients get that show no pages."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import NotFound
from kanban_mcp.models.caller import READER, Caller
from kanban_mcp.transport.mcp.apps import Apps
from kanban_mcp.transport.wire.pages import PAGE
from tests.web.hosts import Era, Server

ERAS: list[Era] = ["2025-11-25", "2026-07-28"]
MOST_BYTES = 450
"""What clients that show pages read more in the list of tools."""


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> Era:
    """Each era of the protocol."""
    chosen: Era = request.param
    return chosen


@pytest.fixture
def filled(app: App) -> None:
    """A board with a card in hand, one that waits for it, and one with a hostile title."""
    tasks = [
        {"title": "Parse the files", "status": "todo", "priority": 8, "tags": ["import"]},
        {"title": "Report bad rows", "depends_on": ["$0"]},
        {"title": "[x](javascript:alert(1))"},
    ]

    async def fill() -> None:
        await app.runner.call("create_board", {"name": "Alpha"}, actor="ann")
        await app.runner.call("create_tasks", {"tasks": tasks}, actor="ann")
        await app.runner.call("claim_next", {}, actor="bob")

    asyncio.run(fill())


@pytest.fixture
def host(db: Path, app: App, era: Era) -> Iterator[Server]:
    """A client that shows pages."""
    server = Server(db, era)
    yield server
    server.close()


@pytest.fixture
def terminal(db: Path, app: App, era: Era) -> Iterator[Server]:
    """A client that shows none."""
    server = Server(db, era, capabilities={})
    yield server
    server.close()


def test_clients_that_show_pages_are_offered_the_board_and_others_are_not(host: Server, terminal: Server) -> None:
    offered, plain = (each.result("tools/list")["tools"] for each in (host, terminal))
    assert offered[:-1] == plain
    assert offered[-1]["name"] == "show_board"
    assert offered[-1]["_meta"] == {"ui": {"resourceUri": PAGE}}
    assert offered[-1]["annotations"]["readOnlyHint"]
    assert len(json.dumps(offered[-1], separators=(",", ":"))) <= MOST_BYTES


def test_modern_clients_are_told_of_the_extension(db: Path) -> None:
    server = Server(db, "2026-07-28")
    capabilities = server.result("server/discover")["capabilities"]
    server.close()
    assert capabilities["extensions"] == {"io.modelcontextprotocol/ui": {}}


def test_the_page_is_a_resource_that_asks_for_no_other_place(host: Server) -> None:
    (content,) = host.result("resources/read", uri=PAGE)["contents"]
    assert content["mimeType"] == "text/html;profile=mcp-app"
    assert content["text"].startswith("<!doctype html>")
    assert content["_meta"]["ui"]["csp"] == {
        "connectDomains": [],
        "resourceDomains": [],
        "frameDomains": [],
        "baseUriDomains": [],
    }
    assert PAGE not in [resource["uri"] for resource in host.result("resources/list")["resources"]]


def test_the_same_board_can_be_read_as_text(filled: None, terminal: Server) -> None:
    result = terminal.result("tools/call", name="show_board", arguments={"board": "Alpha"})
    text, structure = result["content"][0]["text"], result["structuredContent"]
    assert text.startswith("# Alpha\n")
    assert "- #1 Parse the files, priority 8, held by bob for" in text
    assert "- #2 Report bad rows, priority 5, waits for 1" in text
    assert "\\[x\\](javascript:alert(1))" in text
    assert structure["id"] == 1
    assert [row[1] for row in structure["tasks"]["rows"]] == [
        "Report bad rows",
        "[x](javascript:alert(1))",
        "Parse the files",
    ]


def test_a_board_that_is_not_there_is_an_error_as_of_any_tool(terminal: Server) -> None:
    result = terminal.result("tools/call", name="show_board", arguments={"board": "No such"})
    assert result["isError"]
    assert result["structuredContent"]["code"] == "not_found"
    unknown = terminal.result("tools/call", name="show_board", arguments={"bord": 1})["structuredContent"]
    assert unknown["code"] == "invalid"
    assert "board" in unknown["hint"]


def test_only_boards_of_the_key_are_shown(app: App, filled: None) -> None:
    def shown(*boards: int) -> str:
        answer = asyncio.run(Apps(app).shown({"board": 1}, Caller("ann", boards=frozenset(boards)), "http"))
        return str(answer.value["name"])

    assert shown(1) == "Alpha"
    with pytest.raises(NotFound):
        shown(2)


def test_the_page_offers_what_its_reader_may_do(app: App) -> None:
    readers = Caller("ann"), Caller("eve", scopes=READER)
    everything, reading = (offered(Apps(app).page(caller)) for caller in readers)
    assert "move_task" in everything["offers"] and "move_task" in everything["writes"]
    assert "list_tasks" in reading["offers"] and "move_task" not in reading["offers"]
    assert reading["writes"] == []


def offered(document: str) -> dict[str, list[str]]:
    """What a page was told of its server."""
    found = re.search(r'id="server">(.*?)</script>', document)
    assert found is not None
    said: dict[str, list[str]] = json.loads(found[1])
    return said
