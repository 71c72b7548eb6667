"""Streams that stay open end with the key that opened them."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import httpx2
import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from tests.conftest import SettableClock
from tests.http.conftest import PATIENCE, serving
from tests.live.servers import Ear, bearing, listening
from tests.live.test_live_keys import ACCEPT, INITIALIZE, closed
from tests.live.test_live_stop import ENVELOPE

MODERN = {**ACCEPT, "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}
TAGS = {"resourceSubscriptions": ["kanban://tags"], "resourcesListChanged": True}
LISTEN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "subscriptions/listen",
    "params": {"notifications": TAGS, "_meta": ENVELOPE},
}
Headers: TypeAlias = dict[str, str]
Lines: TypeAlias = AsyncIterator[str]
Opening: TypeAlias = Callable[[httpx2.AsyncClient, Headers], AbstractAsyncContextManager[Lines]]


@pytest.fixture
def app(db: Path, clock: SettableClock) -> Iterator[App]:
    """An app whose streams are looked after often."""
    with open_app(Settings(db=db, websocket_heartbeat_seconds=0.1), clock=clock) as opened:
        yield opened


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server over it."""
    with serving(app) as url:
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE) as opened:
            yield opened


@contextlib.asynccontextmanager
async def sse(client: httpx2.AsyncClient, key: Headers) -> AsyncIterator[Lines]:
    """The stream of the older SSE, up to what it says first."""
    async with client.stream("GET", "/sse", headers=key) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: endpoint"
        yield lines


@contextlib.asynccontextmanager
async def session(client: httpx2.AsyncClient, key: Headers) -> AsyncIterator[Lines]:
    """The stream of a session of the older era."""
    opened = await client.post("/mcp", json=INITIALIZE, headers={**ACCEPT, **key})
    named = {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    async with client.stream("GET", "/mcp", headers={**ACCEPT, **named, **key}) as stream:
        assert stream.status_code == 200
        yield stream.aiter_lines()


@contextlib.asynccontextmanager
async def listen(client: httpx2.AsyncClient, key: Headers) -> AsyncIterator[Lines]:
    """The stream of a subscription of the present era, once it is acknowledged."""
    async with client.stream("POST", "/mcp", json=LISTEN, headers={**MODERN, **key}) as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if "acknowledged" in line:
                break
        yield lines


STREAMS: dict[str, Opening] = {"SSE": sse, "session": session, "listen": listen}


def made(app: App, expires_at: str | None = None) -> Headers:
    """A new key, as a header."""
    make = lambda: app.services.keys.create("ann", "write", expires_at=expires_at)  # noqa: E731
    return bearing(app.writer.submit(make, caller=Caller("test")).result()[1])


@pytest.mark.parametrize("way", STREAMS)
async def test_the_stream_of_a_revoked_key_ends_and_no_other_does(
    app: App, client: httpx2.AsyncClient, way: str
) -> None:
    key, other = made(app), made(app)
    async with STREAMS[way](client, key) as lines, STREAMS["listen"](client, other) as stays:
        text = key["Authorization"].removeprefix("Bearer ")
        app.writer.submit(lambda: app.services.keys.revoke(text), caller=Caller("test")).result()
        assert [line async for line in lines if line and not line.startswith((":", "data: /messages"))] == []
        await app.runner.call("create_board", {"name": "still heard of"}, actor="ann")
        assert any(["list_changed" in line async for line in _first(stays)])


@pytest.mark.parametrize("way", STREAMS)
async def test_the_stream_of_a_key_that_expires_ends(
    app: App, client: httpx2.AsyncClient, clock: SettableClock, way: str
) -> None:
    async with STREAMS[way](client, made(app, "2026-01-02T00:00:00.000000Z")) as lines:
        clock.advance(days=1)
        assert [line async for line in lines if line and not line.startswith((":", "data: /messages"))] == []


async def test_the_socket_of_a_key_that_expires_ends(
    app: App, client: httpx2.AsyncClient, clock: SettableClock
) -> None:
    key = made(app, "2026-01-02T00:00:00.000000Z")
    async with listening(str(client.base_url).rstrip("/"), additional_headers=key) as ear:
        assert isinstance(ear, Ear)
        clock.advance(days=1)
        assert await closed(ear) == 1008


@pytest.mark.parametrize("way", STREAMS)
async def test_the_first_key_ends_streams_that_were_open_to_all(app: App, client: httpx2.AsyncClient, way: str) -> None:
    async with STREAMS[way](client, {}) as lines:
        made(app)
        async for _ in lines:
            pass


async def _first(lines: Lines) -> Lines:
    """Up to the first that says something."""
    async for line in lines:
        yield line
        if line.startswith("data: "):
            return


async def test_a_key_limited_to_a_board_hears_of_that_board_alone(app: App, client: httpx2.AsyncClient) -> None:
    own, other = [await app.runner.call("create_board", {"name": name}, actor="ann") for name in ("own", "other")]
    make = lambda: app.services.keys.create("eve", "read", boards=[own["id"]])  # noqa: E731
    key = bearing(app.writer.submit(make, caller=Caller("test")).result()[1])
    named = [f"kanban://boards/{board['id']}" for board in (other, own)]
    asked = {**LISTEN, "params": {"notifications": {"resourceSubscriptions": named}, "_meta": ENVELOPE}}
    async with client.stream("POST", "/mcp", json=asked, headers={**MODERN, **key}) as stream:
        lines = stream.aiter_lines()
        acknowledged = [line async for line in _first(lines)][-1]
        assert named[1] in acknowledged
        assert named[0] not in acknowledged
        for board in (other, own):
            await app.runner.call("create_task", {"board": board["id"], "title": "x"}, actor="ann")
        assert named[1] in [line async for line in _first(lines)][-1]
