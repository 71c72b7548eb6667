"""What happens around a call: progress, cancellation, and the user's yes, in both eras of the protocol."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp.client.context import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from tests.transport.clients import PATIENCE, WAYS, Agent, connected

HOLDER = """
import os, sys
from pathlib import Path
from kanban_mcp.store.gate import Gate
with Gate(Path(sys.argv[1]), timeout=10).held():
    os.write(1, b"held")
    sys.stdin.read()
"""


@pytest.fixture(scope="module", params=WAYS)
async def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client that cannot ask its user."""
    db = tmp_path_factory.mktemp(request.param) / "kanban.db"
    async with connected(request.param, db, settings={"toolsets": "all"}) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        yield agent


class Progress:
    """What a client was told of how far a call has come."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float | None]] = []

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.told.append((progress, total))


@pytest.mark.parametrize(
    ("operation", "arguments", "total"),
    [
        ("create_tasks", {"tasks": [{"title": str(number)} for number in range(50)]}, 50),
        ("run_batch", {"calls": [{"operation": "list_boards"}] * 20}, 20),
        ("get_health", {"check": True}, 12),
    ],
)
async def test_a_long_call_tells_how_far_it_has_come(
    agent: Agent, operation: str, arguments: dict[str, Any], total: int
) -> None:
    progress = Progress()
    result = await agent.client.call_tool(operation, arguments, progress_callback=progress)
    assert not result.is_error
    assert progress.told[-1] == (total, total)
    assert progress.told == sorted(progress.told)


@asynccontextmanager
async def gate_held(db: Path) -> AsyncIterator[None]:
    """While the block runs another process is amid a write, so that writes wait."""
    async with await anyio.open_process([sys.executable, "-c", HOLDER, f"{db}.lock"], stderr=None) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with anyio.fail_after(PATIENCE):
            assert await process.stdout.receive() == b"held"
        yield
        await process.stdin.aclose()
        await process.wait()


BOARD = "\n".join(
    json.dumps({"id": f"b-{number}", "title": "withdrawn", "status": "open", "created_at": "2026-01-01T00:00:00Z"})
    for number in range(100)
)
"""An export of beads."""
WITHDRAWN: list[tuple[str, dict[str, Any]]] = [
    ("create_task", {"title": "withdrawn"}),
    ("create_tasks", {"tasks": [{"title": "withdrawn"}] * 100}),
    ("run_batch", {"calls": [{"operation": "create_task", "arguments": {"title": "withdrawn"}}] * 20}),
    ("import_board", {"content": BOARD}),
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_write_cancelled_before_its_commit_is_undone_and_not_answered(db: Path, way: str) -> None:
    async with connected(way, db, settings={"toolsets": "all"}) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        async with gate_held(db):
            for operation, arguments in WITHDRAWN:
                with anyio.move_on_after(0.2) as cancelled:
                    await agent(operation, **arguments)
                assert cancelled.cancelled_caught, operation
            # The next answer comes after the word of the cancellation was taken in.
            await agent("list_boards")
        await agent("create_task", title="kept")
        assert [row[1] for row in (await agent("list_tasks"))["rows"]] == ["kept"]
        assert [change["action"] for change in await agent.changes()] == ["created", "created"]


@pytest.mark.parametrize("fast", ["true", "false"])
async def test_a_write_cancelled_in_the_same_breath_is_undone_too(db: Path, fast: str) -> None:
    environment = {**os.environ, "KANBAN_FAST_LANE": fast}
    command = [sys.executable, "-m", "kanban_mcp", "--db", str(db)]
    async with await anyio.open_process(command, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        lines = BufferedByteReceiveStream(process.stdout)

        async def ask(*messages: dict[str, Any]) -> dict[str, Any]:
            """The answer to the last of some messages, which are written at once."""
            assert process.stdin is not None
            await process.stdin.send(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
            answers: list[dict[str, Any]] = []
            while not answers or answers[-1]["id"] != messages[-1]["id"]:
                answers.append(json.loads(await lines.receive_until(b"\n", 1 << 20)))
            assert len(answers) == 1
            return answers[0]

        with anyio.fail_after(PATIENCE):
            await ask(_call(1, "create_board", name="Plan"))
            async with gate_held(db):
                pairs = [(_call(n, "create_task", title="withdrawn"), _cancel(n)) for n in range(10, 20)]
                await ask(*(message for pair in pairs for message in pair), _call(2, "list_boards"))
            await ask(_call(3, "create_task", title="kept"))
            listed = await ask(_call(4, "list_tasks"))
            await process.stdin.aclose()
            assert [part async for part in process.stderr] == []
    assert [row[1] for row in listed["result"]["structuredContent"]["rows"]] == ["kept"]


def _call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    envelope = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": envelope}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def _cancel(number: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}


class User:
    """Answers what a client asks it."""

    def __init__(self, action: str, confirm: bool | None = None) -> None:
        self.questions: list[str] = []
        self.reply: dict[str, Any] = {"action": action, "content": None if confirm is None else {"confirm": confirm}}

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        self.questions.append(params.message)
        return ElicitResult.model_validate(self.reply)


@asynccontextmanager
async def asking(way: str, db: Path, user: User) -> AsyncIterator[Agent]:
    """A client that asks this user, on a board with a task."""
    async with connected(way, db, settings={"toolsets": "all"}, elicitation_callback=user) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        await agent("create_task", title="Draw\u202e the map", tags=["art"])
        await agent("add_note", task_id=1, content="A3")
        yield agent


DELETIONS: list[tuple[str, dict[str, Any], str]] = [
    ("delete_note", {"note_id": 1}, "note 1 by pytest (A3) on task 1"),
    ("delete_tag", {"tag": "art"}, "tag 'art'"),
    ("delete_task", {"task_id": 1}, "task 1 (Draw\ufffd the map)"),
    ("delete_board", {"board": "Plan"}, "board 'Plan' with all its tasks"),
]


@pytest.mark.parametrize("way", WAYS)
async def test_where_the_user_can_be_asked_a_deletion_waits_for_their_yes(db: Path, way: str) -> None:
    user = User("accept", confirm=True)
    async with asking(way, db, user) as agent:
        for operation, arguments, what in DELETIONS:
            assert "deleted" in await agent(operation, **arguments)
            assert what in user.questions.pop()
        assert user.questions == []


@pytest.mark.parametrize("way", WAYS)
async def test_without_their_yes_or_a_call_that_confirms_nothing_is_deleted(db: Path, way: str) -> None:
    user = User("decline")
    async with asking(way, db, user) as agent:
        for reply in (User("decline"), User("cancel"), User("accept", confirm=False), User("accept")):
            user.reply = reply.reply
            error = await agent.refused("delete_task", task_id=1)
            assert (error["code"], len(user.questions)) == ("forbidden", 1)
            user.questions.clear()
        assert (await agent("delete_task", task_id=1, confirm=True))["deleted"] == 1
        assert user.questions == []


async def test_where_the_user_cannot_be_asked_the_call_must_confirm(agent: Agent) -> None:
    task = await agent("create_task", title="Draw the map")
    error = await agent.refused("delete_task", task_id=task["id"])
    assert (error["code"], "confirm=true" in error["hint"]) == ("invalid", True)
    assert (await agent("delete_task", task_id=task["id"], confirm=True))["deleted"] == task["id"]
