"""Mutated messages over HTTP: the process lives, each request is answered with what is its own, and nothing grows."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import psutil
import pytest

from tests.fuzz.messages import HELLO, board, check_memory, messages, taken_back, well_formed
from tests.http.conftest import PATIENCE, process

SHORT, LONG = 500, 20_000
AT_ONCE = 8
SEED = 20_261_126
"""Another seed is another run; the same is the same."""
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
RUNS = [SHORT // 4, pytest.param(LONG // 4, marks=pytest.mark.long)]


def modern_headers(line: bytes) -> dict[str, str]:
    """The headers that tell what a modern request is about, as far as it can be read and put in a header."""
    told = {**HEADERS, "mcp-protocol-version": "2026-07-28"}
    try:
        value = json.loads(line.decode())
        method, params = value["method"], value["params"]
        name = params.get("name", params.get("uri", ""))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return told
    named = {"mcp-method": method, "mcp-name": name}
    return told | {header: text for header, text in named.items() if isinstance(text, str) and _fits(text)}


def _fits(text: str) -> bool:
    """Whether a text can be a header as it is."""
    return text.isascii() and text.isprintable() and text.strip() == text != ""


def answers_in(answer: httpx2.Response) -> list[dict[str, Any]]:
    """What a response says, without notifications; everything in it must be of the protocol."""
    texts = [answer.text]
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        texts = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    found = [json.loads(text) for text in texts if text]
    assert all(message["jsonrpc"] == "2.0" for message in found)
    return [message for message in found if "method" not in message]


@asynccontextmanager
async def server(db: Path, lane: str) -> AsyncIterator[tuple[httpx2.AsyncClient, psutil.Process]]:
    """A client of a server of its own, and the server's process."""
    env = {"KANBAN_FAST_LANE": lane, "KANBAN_RATE_LIMIT": "0", "KANBAN_TOOLSETS": "all", "KANBAN_LOG_LEVEL": "error"}
    with process(db, env=env) as url:
        (child,) = [each for each in psutil.Process().children() if str(db) in each.cmdline()]
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as client:
            yield client, child
            assert (await client.get("/health/live")).status_code == 200


async def send_all(lines: list[bytes], ask: Callable[[bytes], Awaitable[None]], child: psutil.Process) -> None:
    """Ask all, some at once; what the first half has warmed up is about what the second half may use."""
    used = []
    for half in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
        rest = iter(half)

        async def some(rest: Iterator[bytes] = rest) -> None:
            for line in rest:
                await ask(line)

        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(some)
        used.append(child.memory_info().rss)
    check_memory(*used)


@pytest.mark.parametrize("count", RUNS)
@pytest.mark.parametrize("lane", ["true", "false"])
@pytest.mark.parametrize("modern", [False, True], ids=["legacy", "modern"])
async def test_mutated_requests_are_each_answered_once_and_the_server_stays_as_it_is(
    count: int, lane: str, modern: bool, db: Path
) -> None:
    async with server(db, lane) as (client, child):
        hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO}
        greeted = await client.post("/mcp", json=hello, headers=HEADERS)
        session = {**HEADERS, "mcp-session-id": greeted.headers["mcp-session-id"]}

        async def ask(line: bytes) -> None:
            answer = await client.post("/mcp", content=line, headers=modern_headers(line) if modern else session)
            assert answer.status_code < 500, (line, answer.text)
            request, said = well_formed(line), answers_in(answer)
            assert len(said) <= 1, line
            assert request is None or [message["id"] for message in said] == [request], line

        await ask(board(modern=modern))
        await send_all(list(messages(SEED, count, modern=modern)), ask, child)


@pytest.mark.parametrize("count", RUNS)
async def test_mutated_requests_of_the_older_sse_are_each_answered_once(count: int, db: Path) -> None:
    said: Counter[str | int | None] = Counter()
    owed: Counter[str | int | None] = Counter()
    heard = anyio.Event()

    async with server(db, "true") as (client, child), client.stream("GET", "/sse") as stream:
        events = stream.aiter_lines()
        address = ""
        while not address:
            address = (await anext(events)).partition("data: ")[2]

        async def listen() -> None:
            nonlocal heard
            async for line in events:
                if line.startswith("data: "):
                    message = json.loads(line.removeprefix("data: "))
                    said.update([] if "method" in message else [message["id"]])
                    heard.set()
                    heard = anyio.Event()

        async def ask(line: bytes) -> None:
            answer = await client.post(address, content=line, headers=HEADERS)
            assert answer.status_code in (202, 400), (line, answer.text)
            if (back := taken_back(line)) is not None:
                owed.pop(back, None)
            elif (request := well_formed(line)) is not None:
                owed[request] += 1

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await ask(json.dumps({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": HELLO}).encode())
            await ask(board(modern=False))
            await send_all(list(messages(SEED, count, modern=False)), ask, child)
            with anyio.fail_after(PATIENCE):
                while any(said[request] < times for request, times in owed.items()):
                    await heard.wait()
            tasks.cancel_scope.cancel()
    assert {request for request in said if said[request] > 1 and str(request).startswith("q")} == set()
