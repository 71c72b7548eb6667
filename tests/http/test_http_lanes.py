"""Both lanes give the same answers over HTTP too, to requests of the modern era with any headers."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.wire.introduction import MODERN_VERSION
from tests.conftest import SettableClock
from tests.http.conftest import PATIENCE, serving
from tests.transport.test_lanes import (
    DAY,
    ENVELOPE,
    MESSAGES,
    NO_OBJECT,
    ODD_JSON,
    UNUSUAL,
    Odd,
    call,
    request,
    written,
)

HEADERS = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": MODERN_VERSION,
}


class Pair:
    """Two servers that are asked the same and must answer the same."""

    def __init__(self, swift: httpx2.AsyncClient, library: httpx2.AsyncClient) -> None:
        self._both = (swift, library)

    async def ask(self, message: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """The status and the body that both answer with."""
        answers = [await one.post("/mcp", content=written(message), headers=headers) for one in self._both]
        swift, library = [(answer.status_code, answer.headers.get("content-type"), read(answer)) for answer in answers]
        assert swift == library, (message, headers)
        return swift[0], swift[2]


def read(answer: httpx2.Response) -> Any:
    text = answer.text.replace("/swift/", "/sdk/")
    return json.loads(text) if answer.headers.get("content-type") == "application/json" else text


@pytest.fixture
async def pair(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Pair]:
    """The two lanes, a server each, with a file each."""
    async with AsyncExitStack() as stack:
        clients = []
        for name, fast in (("swift", True), ("sdk", False)):
            settings = Settings(db=tmp_path / name / "kanban.db", toolsets=("all",), board="Alpha", fast_lane=fast)
            url = stack.enter_context(serving(stack.enter_context(open_app(settings, clock=clock))))
            client = httpx2.AsyncClient(base_url=url, timeout=PATIENCE, verify=False)
            clients.append(await stack.enter_async_context(client))
        yield Pair(*clients)


def headers_of(message: dict[str, Any], **changed: str) -> dict[str, str]:
    """What a client sends beside a message."""
    method, name = message.get("method"), (message.get("params") or {}).get("name")
    told = {"mcp-method": str(method)} | ({"mcp-name": str(name)} if method == "tools/call" else {})
    return {**HEADERS, **told, **changed}


async def test_every_operation_and_every_refusal_is_answered_the_same(pair: Pair) -> None:
    for number, (operation, arguments) in enumerate(DAY):
        message = call(operation, number, era=MODERN_VERSION, **arguments)
        status, answer = await pair.ask(message, headers_of(message))
        assert (status, answer["id"]) == (200, number)


async def test_unusual_calls_are_answered_the_same(pair: Pair) -> None:
    for number, params in enumerate(UNUSUAL):
        message = request("tools/call", number, era=MODERN_VERSION, **params)
        if isinstance(params.get("_meta"), dict):
            message["params"]["_meta"] = {**ENVELOPE, **params["_meta"]}
        await pair.ask(message, headers_of(message))
    for method in ("tools/list", "server/discover", "ping", "resources/templates/list", "no/such"):
        message = request(method, method, era=MODERN_VERSION)
        await pair.ask(message, headers_of(message))


async def test_odd_json_is_taken_or_refused_by_both(pair: Pair) -> None:
    headers = headers_of(call("create_task", era=MODERN_VERSION))
    board = call("create_board", era=MODERN_VERSION, name="Alpha")
    await pair.ask(board, headers_of(board))
    for odd in ODD_JSON.values():
        answer = (await pair.ask(odd.message(MODERN_VERSION), headers))[1]
        if odd.title:
            odd.check(answer)
        else:
            assert "error" in answer or answer["result"]["isError"]
    for arguments in NO_OBJECT:
        status, answer = await pair.ask(Odd(arguments).message(MODERN_VERSION), headers)
        assert status == 400
        assert answer["error"]["message"] == "Invalid request parameters: params.arguments must be an object."


async def test_headers_that_say_otherwise_are_answered_the_same(pair: Pair) -> None:
    message = call("list_boards", era=MODERN_VERSION, limit=5)
    for changed in (
        {"mcp-name": "get_task"},
        {"mcp-name": "=?base64?bGlzdF9ib2FyZHM=?="},
        {"mcp-name": "List_Boards"},
        {"mcp-name": ""},
        {"mcp-method": "tools/list"},
        {"mcp-method": "TOOLS/CALL"},
        {"mcp-protocol-version": "2027-01-01"},
        {"mcp-protocol-version": "2025-11-25"},
        {"accept": "application/json"},
        {"accept": "*/*"},
        {"accept": "text/html"},
        {"content-type": "application/json; charset=utf-8"},
        {"mcp-param-limit": "5"},
    ):
        await pair.ask(message, headers_of(message, **changed))


@pytest.mark.parametrize("lane", [True, False])
async def test_blanks_around_a_header_and_its_letter_case_are_no_part_of_it(
    tmp_path: Path, clock: SettableClock, lane: bool
) -> None:
    body = json.dumps(call("list_boards", era=MODERN_VERSION)).encode()
    told = {name.title(): f" \t {value} \t" for name, value in headers_of(json.loads(body)).items()}
    told |= {"Host": "127.0.0.1", "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}:{value}\r\n" for name, value in told.items())
    settings = Settings(db=tmp_path / "kanban.db", toolsets=("all",), fast_lane=lane)
    with open_app(settings, clock=clock) as app, serving(app) as url, anyio.fail_after(PATIENCE):
        port = int(url.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body)
            said = b"".join([part async for part in stream])
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b'"structuredContent"' in said


@trials(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGES, min_size=10, max_size=20))
async def test_any_message_is_answered_the_same(pair: Pair, messages: list[dict[str, Any]]) -> None:
    for message in messages:
        sent = {"mcp-method": "tools/call", "mcp-name": "list_boards"}
        await pair.ask(message, {**HEADERS, **sent})
