"""The server ends in order, and clients that go away in the middle leave nothing half done."""

import asyncio
import contextlib
import json
import math
import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live.servers import Deaf, Running, agent, listening, over_http, over_sse, serving
from tests.transport.clients import PATIENCE, client_of

MODERN = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "create_tasks",
}
ENVELOPE = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


async def stopped(server: Running) -> float:
    """Seconds that a server took to end; it must end well, and say nothing of it."""
    started = time.monotonic()
    said = await asyncio.to_thread(server.stop)
    assert (server.process.returncode, said) == (0, "")
    return time.monotonic() - started


async def test_open_streams_of_all_kinds_do_not_hold_a_server_that_ends(db: Path) -> None:
    with serving(db) as server:
        async with contextlib.AsyncExitStack() as open_now:
            modern = await open_now.enter_async_context(over_http(server.url))
            await open_now.enter_async_context(modern.listen(resource_subscriptions=["kanban://tags"]))
            await open_now.enter_async_context(over_http(server.url, mode="legacy"))
            await open_now.enter_async_context(over_sse(server.url))
            await open_now.enter_async_context(listening(server.url))
            assert await stopped(server) < PATIENCE


async def test_clients_that_are_slow_or_wait_do_not_hold_a_server_that_ends(db: Path) -> None:
    with serving(db, rate_limit=0) as server:
        async with agent(over_http(server.url)) as ann:
            board = await ann("create_board", name="Plan")
            for _ in range(3):
                await ann("create_tasks", tasks=[{"title": "x", "description": "y" * 20_000}] * 40)
        with contextlib.ExitStack() as there:
            slow, half, _, poll, _ = [
                there.enter_context(_asking(server.url, request))
                for request in (
                    _request("/api/tasks", {"title": "x"})[:-5],
                    b"GET /api/ta",
                    b"GET /api/tasks?limit=100 HTTP/1.1\r\nhost: localhost\r\n\r\n",
                    b"GET /api/changes?since=1000&wait=30 HTTP/1.1\r\nhost: localhost\r\n\r\n",
                    b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
                )
            ]
            there.enter_context(Deaf(server.url, board["id"]))
            async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE) as client:
                while (await _open(client)) < 6:
                    pass
            # The body would be waited for as long.
            said = await asyncio.wait_for(asyncio.to_thread(server.stop), PATIENCE - 5)
            assert server.process.returncode == 0
            assert "Traceback" not in said
            assert _all(slow).startswith(b"HTTP/1.1 503 ")
            assert _all(half) == b""
            answered = _all(poll)
            assert answered.startswith(b"HTTP/1.1 200 ")
            assert b'"items":[]' in answered


@pytest.mark.parametrize("signals", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)])
async def test_a_second_signal_loses_nothing(db: Path, signals: tuple[signal.Signals, ...]) -> None:
    done: list[int] = []
    with serving(db, rate_limit=0) as server:
        async with agent(over_http(server.url)) as ann:
            await ann("create_board", name="Plan")
        async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE) as client, asyncio.TaskGroup() as writers:
            enough = asyncio.Event()
            for _ in range(8):
                writers.create_task(_write(client, done, enough))
            await enough.wait()
            for number in signals:
                server.process.send_signal(number)
            said = await asyncio.to_thread(server.process.communicate, timeout=PATIENCE)
        assert server.process.returncode == 0
        assert "Traceback" not in said[1]
    await _are_there(db, done)


async def test_what_was_acknowledged_before_the_end_is_there_after_it(db: Path) -> None:
    done: list[int] = []
    with serving(db, rate_limit=0) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE) as client:
            await client.post("/api/boards", json={"name": "Plan"})
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as writers:
                for _ in range(8):
                    writers.create_task(_write(client, done, enough))
                await enough.wait()
                await stopped(server)
    await _are_there(db, done)


async def _write(client: httpx2.AsyncClient, done: list[int], enough: asyncio.Event) -> None:
    """Write until that is not possible any more, and note what was acknowledged."""
    with contextlib.suppress(httpx2.TransportError):
        while (answer := await client.post("/api/tasks", json={"title": "x"})).status_code == 201:
            done.append(answer.json()["id"])
            if len(done) > 200:
                enough.set()


async def _are_there(db: Path, done: list[int]) -> None:
    async with agent(client_of(db, env={})) as later:
        board = await later("get_board")
        # One of each writer may have been committed when its answer could not be given any more.
        assert len(done) <= board["tasks"]["total"] <= len(done) + 8


@pytest.mark.parametrize("way", ["/mcp", "/api/tasks/batch"])
async def test_a_client_that_leaves_in_the_middle_of_a_write_leaves_it_done_or_undone(db: Path, way: str) -> None:
    """Each time the connection is closed a little later: before, in and after the write, as long as that takes here."""
    with serving(db, rate_limit=0) as server:
        async with agent(over_http(server.url)) as ann:
            await ann("create_board", name="Plan")

            def asked(moment: int) -> bytes:
                return _request(way, {"tasks": [{"title": f"{moment}.{number}"} for number in range(50)]})

            _, whole = (_leave(server.url, asked(moment)) for moment in (40, 41))
            for moment in range(40):
                _leave(server.url, asked(moment), after=whole * moment // 30)
            counts: dict[str, int] = {}
            for change in await ann.changes():
                if change["entity"] == "task":
                    moment = change["after"]["title"].partition(".")[0]
                    counts[moment] = counts.get(moment, 0) + 1
            assert {"40", "41"} <= counts.keys()
            assert set(counts.values()) == {50}


def _asking(url: str, request: bytes) -> socket.socket:
    """A connection that asked, and reads little."""
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(request)
    return connection


def _all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


async def _open(client: httpx2.AsyncClient) -> int:
    """How many connections a server has, this one not counted."""
    there = (await client.get("/api/performance")).json()["connections"]
    return int(sum(there.values())) - 1


def _request(way: str, arguments: dict[str, Any]) -> bytes:
    body: dict[str, Any] = arguments
    headers = {"content-type": "application/json"}
    if way == "/mcp":
        params = {"name": "create_tasks", "arguments": arguments, "_meta": ENVELOPE}
        body, headers = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, MODERN
    content = json.dumps(body).encode()
    lines = [f"POST {way} HTTP/1.1", "host: localhost", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _leave(url: str, request: bytes, *, after: float = math.inf) -> int:
    """Ask, look at most so many times for an answer, and be gone without a goodbye; how many looks that were."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(request)
        connection.settimeout(0.0005)
        looks = 0
        while looks < after:
            looks += 1
            with contextlib.suppress(TimeoutError):
                connection.recv(1)
                break
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return looks


@pytest.mark.parametrize(("through", "code"), [((), 0), (("nohup",), None)])
def test_a_closed_terminal_ends_a_server_in_order_unless_it_was_started_to_outlive_it(
    db: Path, through: tuple[str, ...], code: int | None
) -> None:
    with serving(db, through=through) as server:
        server.process.send_signal(signal.SIGHUP)
        if code is None:
            assert httpx2.get(f"{server.url}/health/live").status_code == 200
            assert server.process.poll() is None
        else:
            assert server.process.wait(PATIENCE) == code
