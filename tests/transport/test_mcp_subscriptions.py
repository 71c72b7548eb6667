"""Hearing of changes, of whichever process, in both eras of the protocol."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError
from mcp.client.subscriptions import Subscription
from mcp.shared.subscriptions import ResourcesListChanged, ResourceUpdated, ServerEvent
from mcp.types import ResourceListChangedNotification, ResourceUpdatedNotification

from tests.transport.clients import NEWER, OLDER, PATIENCE, Agent, client_of, connected


@pytest.fixture(scope="module", params=NEWER)
def newer(request: pytest.FixtureRequest) -> str:
    """How the writer reaches its server."""
    way: str = request.param
    return way


@pytest.fixture(scope="module")
def file(newer: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of all these servers."""
    return tmp_path_factory.mktemp(newer) / "kanban.db"


@pytest.fixture(scope="module")
async def writer(newer: str, file: Path) -> AsyncIterator[Agent]:
    """A server on the file, and its client of the newer era."""
    async with connected(newer, file, settings={"toolsets": "all", "actor": "writer"}) as client:
        yield Agent(client)


class Board:
    """A board of a test's own, with a task."""

    def __init__(self, board_id: int, task_id: int) -> None:
        self.id = board_id
        self.task_id = task_id
        self.uri = f"kanban://boards/{board_id}"
        self.tasks = f"kanban://boards/{board_id}/tasks?status=todo"
        self.task = f"kanban://tasks/{task_id}"


@pytest.fixture
async def board(writer: Agent, request: pytest.FixtureRequest) -> Board:
    """A new board, named after the test."""
    made = await writer("create_board", name=request.node.name[:100])
    task = await writer("create_task", board=made["id"], title="Draw the map", status="todo")
    return Board(made["id"], task["id"])


async def heard(subscription: Subscription, count: int) -> set[ServerEvent]:
    """The next so many different events."""
    found: set[ServerEvent] = set()
    with anyio.fail_after(PATIENCE):
        async for event in subscription:
            found.add(event)
            if len(found) == count:
                break
    return found


def updated(*addresses: str) -> set[ServerEvent]:
    return {ResourceUpdated(uri=uri) for uri in addresses}


async def test_a_stream_tells_what_another_process_changed(file: Path, writer: Agent, board: Board) -> None:
    garden = await writer("create_board", name="Garden")
    addresses = [board.uri, board.tasks, board.task, f"kanban://boards/{garden['id']}", "kanban://boards"]
    async with client_of(file, env={}) as reader, reader.listen(resource_subscriptions=addresses) as stream:
        assert stream.honored.resource_subscriptions == addresses
        await writer("update_task", task_id=board.task_id, title="Draw the whole map")
        assert await heard(stream, 4) == updated(board.uri, board.tasks, board.task, "kanban://boards")
        await writer("create_task", board="Garden", title="Dig")
        assert await heard(stream, 2) == updated(f"kanban://boards/{garden['id']}", "kanban://boards")


async def test_a_stream_tells_what_its_own_server_changed(writer: Agent, board: Board) -> None:
    async with writer.client.listen(resource_subscriptions=[f"{board.task}/history"]) as stream:
        await writer("add_note", task_id=board.task_id, content="A3")
        assert await heard(stream, 1) == updated(f"{board.task}/history")


async def test_a_note_changes_its_task_and_not_the_board(writer: Agent, board: Board) -> None:
    async with writer.client.listen(resource_subscriptions=[board.uri, board.task]) as stream:
        await writer("add_note", task_id=board.task_id, content="A3")
        assert await heard(stream, 1) == updated(board.task)


async def test_a_board_subscribed_to_by_name_tells_under_that_address(writer: Agent) -> None:
    await writer("create_board", name="Plan")
    addresses = ["kanban://boards/plan", "kanban://reports/Plan"]
    async with writer.client.listen(resource_subscriptions=addresses) as stream:
        await writer("create_task", board="Plan", title="x")
        assert await heard(stream, 2) == updated(*addresses)


async def test_tags_are_told_of_when_tasks_get_or_lose_them(writer: Agent, board: Board) -> None:
    async with writer.client.listen(resource_subscriptions=["kanban://tags", board.uri]) as stream:
        await writer("move_task", task_id=board.task_id, status="review")
        assert await heard(stream, 1) == updated(board.uri)
        await writer("tag_task", task_id=board.task_id, tags=["paper"])
        assert await heard(stream, 2) == updated(board.uri, "kanban://tags")


async def test_what_is_never_told_is_not_acknowledged(writer: Agent, board: Board) -> None:
    wanted = ["kanban://nonsense", "kanban://tasks/9999", board.task, "kanban://diagnostics/health"]
    async with writer.client.listen(resource_subscriptions=wanted, tools_list_changed=True) as stream:
        assert stream.honored.resource_subscriptions == [board.task]
        assert not stream.honored.tools_list_changed


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_board", {"name": "Third"}),
        ("update_board", {"name": "Renamed"}),
        ("archive_board", {}),
        ("delete_board", {"confirm": True}),
    ],
)
async def test_the_list_is_told_to_have_changed_when_boards_come_go_or_change_their_name(
    writer: Agent, board: Board, operation: str, arguments: dict[str, Any]
) -> None:
    where = {} if operation == "create_board" else {"board": board.id}
    async with writer.client.listen(resources_list_changed=True) as stream:
        before = await writer.client.list_resources()
        await writer(operation, **where, **arguments)
        assert await heard(stream, 1) == {ResourcesListChanged()}
        assert await writer.client.list_resources() != before


async def test_the_list_is_not_told_to_have_changed_when_it_has_not(writer: Agent, board: Board) -> None:
    async with writer.client.listen(resources_list_changed=True, resource_subscriptions=["kanban://tags"]) as stream:
        await writer("create_task", board=board.id, title="Print the map")
        await writer("update_board", board=board.id, description="Other words")
        await writer("archive_task", task_id=board.task_id)
        await writer("archive_task", task_id=board.task_id, archived=False)
        assert await heard(stream, 1) == updated("kanban://tags")


async def test_too_many_addresses_are_refused(writer: Agent) -> None:
    with pytest.raises(MCPError) as caught:
        async with writer.client.listen(resource_subscriptions=[f"kanban://tasks/{n}" for n in range(1001)]):
            pass
    assert caught.value.code == -32602


# The older era


class Ears:
    """What a client of the older era was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._moved = anyio.Event()

    async def __call__(self, message: object) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            self.heard.append(str(message.params.uri))
        elif isinstance(message, ResourceListChangedNotification):
            self.heard.append("list")
        self._moved.set()

    async def until(self, *expected: str) -> None:
        """Wait until all of these were told, then forget them."""
        with anyio.fail_after(PATIENCE):
            while not set(expected) <= set(self.heard):
                await self._moved.wait()
                self._moved = anyio.Event()
        assert set(self.heard) == set(expected)
        self.heard.clear()


@asynccontextmanager
async def older(way: str, db: Path, ears: Ears) -> AsyncIterator[Agent]:
    """A client of the older era."""
    async with connected(way, db, message_handler=ears) as client:
        yield Agent(client)


async def subscribe(agent: Agent, uri: str) -> None:
    with pytest.warns(UserWarning, match="removed"):
        await agent.client.session.subscribe_resource(uri)


@pytest.mark.parametrize("newer", ["memory-auto"], indirect=True, scope="module")
@pytest.mark.parametrize("way", OLDER)
async def test_an_older_client_hears_of_what_it_subscribed_to(
    way: str, file: Path, writer: Agent, board: Board
) -> None:
    ears = Ears()
    async with older(way, file, ears) as reader:
        capabilities = reader.client.server_capabilities.resources
        assert capabilities is not None
        assert (capabilities.subscribe, capabilities.list_changed) == (True, True)
        await subscribe(reader, board.task)
        await subscribe(reader, board.tasks)
        await writer("update_task", task_id=board.task_id, title="Draw the whole map")
        await ears.until(board.task, board.tasks)
        with pytest.warns(UserWarning, match="removed"):
            await reader.client.session.unsubscribe_resource(board.tasks)
        await writer("update_task", task_id=board.task_id, title="Draw the map")
        await ears.until(board.task)


@pytest.mark.parametrize("newer", ["memory-auto"], indirect=True, scope="module")
@pytest.mark.parametrize("way", OLDER)
async def test_an_older_client_that_has_listed_resources_hears_that_the_list_changed(
    way: str, file: Path, writer: Agent, board: Board
) -> None:
    ears = Ears()
    async with older(way, file, ears) as reader:
        await reader.client.list_resources()
        await writer("create_task", board=board.id, title="Print the map")
        await writer("create_board", name=f"Another than {board.id}")
        await ears.until("list")
        for uri in ("kanban://nonsense", "kanban://tasks/9999"):
            with pytest.raises(MCPError) as caught:
                await subscribe(reader, uri)
            assert (caught.value.code, caught.value.data["uri"]) == (-32002, uri)


async def test_an_open_stream_does_not_keep_the_server_from_ending(file: Path) -> None:
    arguments = ["-m", "kanban_mcp", "--db", str(file)]
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"_meta": meta, "notifications": {"resourcesListChanged": True}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}
    process = await anyio.open_process([sys.executable, *arguments], stderr=None)
    async with process:
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdin.send(json.dumps(request).encode() + b"\n")
        assert b"acknowledged" in await process.stdout.receive()
        await process.stdin.aclose()
        with anyio.fail_after(PATIENCE):
            assert await process.wait() == 0
