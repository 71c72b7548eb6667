"""What clients of the older era post: requests of one session that have one id, and what is no message."""

import json
from typing import Any

import anyio
import httpx2
import pytest

from kanban_mcp.transport.wire.introduction import HANDSHAKE_VERSIONS
from tests.http.conftest import PATIENCE
from tests.transport.test_lanes import ODD_JSON, Odd

HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a host", "version": "1"}}


class Session:
    """A session of the older era."""

    def __init__(self, client: httpx2.AsyncClient, session: str) -> None:
        self._client = client
        self._headers = {**HEADERS, "mcp-session-id": session}

    async def ask(self, request: Any, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request."""
        return await self.send(
            json.dumps({"jsonrpc": "2.0", "id": request, "method": method, "params": params}).encode()
        )

    async def send(self, body: bytes) -> dict[str, Any]:
        """The answer to what is sent as it is."""
        with anyio.fail_after(PATIENCE):
            answer = await self._client.post("/mcp", content=body, headers=self._headers)
        if answer.status_code == 400:
            refused: dict[str, Any] = answer.json()
            return refused
        (data,) = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
        found: dict[str, Any] = json.loads(data)
        return found

    async def call(self, request: Any, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool answers."""
        answer = await self.ask(request, "tools/call", name=tool, arguments=arguments)
        assert answer["id"] == request
        found: dict[str, Any] = answer["result"]["structuredContent"]
        return found


@pytest.fixture
async def session(client: httpx2.AsyncClient) -> Session:
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO}
    greeted = await client.post("/mcp", json=hello, headers=HEADERS)
    return Session(client, greeted.headers["mcp-session-id"])


@pytest.mark.parametrize("ids", [(1, 1, 1), (1, "1", 1), ("a", "a", "a")], ids=str)
async def test_each_gets_its_own_answer_though_another_of_that_id_is_under_way(session: Session, ids: Any) -> None:
    await session.call(0, "create_board", name="Plan")
    heard: list[dict[str, Any]] = []

    async def wait() -> None:
        heard.append(await session.call(ids[0], "list_changes", since=1, wait=20))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        made = [await session.call(request, "create_task", title=str(request)) for request in ids[1:]]
    assert [task["id"] for task in made] == [1, 2]
    assert heard[0]["rows"]


async def test_a_crowd_of_one_id_is_answered_each_with_what_it_asked(session: Session) -> None:
    await session.call(0, "create_board", name="Plan")
    titles: dict[str, str] = {}

    async def create(title: str) -> None:
        made = await session.call(1, "create_task", title=title)
        titles[title] = (await session.call(1, "get_task", task_id=made["id"]))["title"]

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(create, f"task {number}")
    assert titles == {f"task {number}": f"task {number}" for number in range(20)}


async def test_odd_json_is_taken_or_refused_as_over_stdio(session: Session) -> None:
    await session.call(0, "create_board", name="Plan")
    for odd in ODD_JSON.values():
        odd.check(await session.send(odd.message(HANDSHAKE_VERSIONS[-1])))
    error = (await session.send(Odd(b"[1]").message(HANDSHAKE_VERSIONS[-1])))["error"]
    assert error["message"] == "Invalid request parameters: params.arguments must be an object."


async def test_an_id_may_be_what_the_library_calls_something_else(session: Session) -> None:
    assert await session.ask("_GET_stream", "ping") == {"jsonrpc": "2.0", "id": "_GET_stream", "result": {}}


@pytest.mark.parametrize("path", ["/mcp", "/messages/?session_id=00000000000000000000000000000000"])
async def test_what_is_no_message_is_told_so_in_one_line_under_its_id(client: httpx2.AsyncClient, path: str) -> None:
    for body, code, request in (
        (b"nonsense", -32700, None),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "\\ud83d"}}', -32700, 1),
        (b'{"jsonrpc": "1.0", "id": 2, "method": "ping"}', -32600, 2),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "ping", "params": []}', -32600, 3),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600, None),
        (b"[]", -32600, None),
        (b"", -32700, None),
    ):
        answer = await client.post(path, content=body, headers=HEADERS)
        error = answer.json()
        assert (answer.status_code, error["error"]["code"], error["id"]) == (400, code, request), body
        assert "\n" not in error["error"]["message"]
