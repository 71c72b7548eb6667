"""Who may hear what: keys on WebSockets, and sessions that belong to a key."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.settings import Settings
from tests.http.conftest import PATIENCE, serving
from tests.live.servers import Ear, bearing, listening

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture
def app(db: Path) -> Iterator[App]:
    """An app whose sockets are looked after often."""
    with open_app(Settings(db=db, toolsets=("all",), websocket_heartbeat_seconds=0.1)) as opened:
        yield opened


@pytest.fixture
def server(app: App) -> Iterator[str]:
    with serving(app) as url:
        yield url


def made(app: App, scope: Scope = "read", boards: tuple[int, ...] = ()) -> str:
    """The text of a new key."""
    make = lambda: app.services.keys.create("ann", scope, boards=boards)  # noqa: E731
    return app.writer.submit(make, caller=Caller("test")).result()[1]


async def boards(app: App) -> tuple[int, int]:
    """Two boards."""
    made = [await app.runner.call("create_board", {"name": name}, actor="ann") for name in ("one", "two")]
    return made[0]["id"], made[1]["id"]


async def closed(ear: Ear) -> int:
    """The code a socket is closed with, after what still comes."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            await ear.next()
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


async def test_a_key_hears_of_its_boards_only(app: App, server: str) -> None:
    mine, theirs = await boards(app)
    task = await app.runner.call("create_task", {"board": theirs, "title": "secret"}, actor="ann")
    key = made(app, boards=(mine,))
    async with listening(server, additional_headers=bearing(key)) as ear:
        wrong = await ear.subscribe(f"board:{theirs}", f"task:{task['id']}", f"board:{mine}")
        assert [(each["type"], each["room"], each["code"]) for each in wrong] == [
            ("error", f"board:{theirs}", "not_found"),
            ("error", f"task:{task['id']}", "not_found"),
        ]
        await app.runner.call("create_task", {"board": theirs, "title": "secret"}, actor="ann")
        await app.runner.call("create_task", {"board": mine, "title": "told"}, actor="ann")
        (change,) = await ear.changes(1)
        assert change["after"]["title"] == "told"


async def test_a_first_message_may_bring_the_key(db: Path) -> None:
    with open_app(Settings(db=db)) as app, serving(app) as server:
        await brings_its_key(app, server)


async def brings_its_key(app: App, server: str) -> None:
    (mine, _), key = await boards(app), made(app)
    async with listening(server) as ear:
        assert "seq" not in ear.welcome
        (wrong,) = await ear.subscribe(f"board:{mine}")
        assert wrong["code"] in ("forbidden", "unauthorized", "not_found")
        await ear.say(type="authenticate", key=key)
        assert (await ear.next())["seq"] == app.news.last()
        assert await ear.subscribe(f"board:{mine}") == []


async def test_a_wrong_key_in_a_message_closes_the_socket(app: App, server: str) -> None:
    key = made(app)
    async with listening(server) as ear:
        await ear.say(type="authenticate", key=key[:-1] + ("a" if key[-1] != "a" else "b"))
        assert await closed(ear) == 1008


@pytest.mark.parametrize("way", ["/api/boards", "/metrics", "/mcp", "/sse", "/ws"])
async def test_a_key_is_taken_in_either_header_on_every_way_and_different_ones_on_none(
    app: App, server: str, way: str
) -> None:
    key, other = made(app, "admin"), made(app, "admin")
    good = [("Authorization", f"Bearer {key}"), ("x-api-key", key)]
    wrong = [("Authorization", f"Bearer {other}"), ("x-api-key", other)]
    torn = [("Authorization", f"Bearer {key}x"), ("x-api-key", key[:-1])]
    for headers in ([good[0]], [good[1]], good, [*good, *good], [("Authorization", "Basic eDp5"), good[1]]):
        assert await status(server, way, headers) in (101, 200)
    for headers in ([], [torn[0]], [torn[1]], [good[0], wrong[1]], [wrong[0], good[1]], [good[1], wrong[1]]):
        # A socket without a key may bring one in its first message.
        assert await status(server, way, headers) == (101 if (way, headers) == ("/ws", []) else 401)


async def status(server: str, way: str, headers: list[tuple[str, str]]) -> int:
    """What a request with these headers is answered."""
    if way == "/ws":
        try:
            async with connect(f"{server.replace('http', 'ws')}{way}", additional_headers=headers):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code
    sent = [*ACCEPT.items(), *headers] if way == "/mcp" else headers
    method, body = ("POST", INITIALIZE) if way == "/mcp" else ("GET", None)
    async with (
        httpx2.AsyncClient(base_url=server, timeout=PATIENCE) as client,
        client.stream(method, way, json=body, headers=sent) as answer,
    ):
        return answer.status_code


async def test_the_socket_of_a_revoked_key_ends(app: App, server: str) -> None:
    key, other = made(app), made(app)
    async with (
        listening(server, additional_headers=bearing(key)) as ear,
        listening(server, additional_headers=bearing(other)) as stays,
    ):
        app.writer.submit(lambda: app.services.keys.revoke(key), caller=Caller("test")).result()
        assert await closed(ear) == 1008
        await stays.say(type="ping")
        assert (await stays.next())["type"] == "pong"


async def test_the_first_key_ends_what_was_open_to_all(app: App, server: str) -> None:
    async with listening(server) as ear:
        made(app)
        assert await closed(ear) == 1008


# Strangers


async def test_who_brought_no_key_yet_is_told_how_to_send_it(app: App, server: str) -> None:
    key = made(app)
    async with listening(server) as ear:
        await ear.say(type="subscribe", rooms=["board:1", "board:2"])
        told = await ear.next()
        assert (told["type"], told["code"]) == ("error", "unauthorized")
        assert '{"type":"authenticate","key":"kbn_..."}' in told["hint"]
        await ear.say(type="authenticate", key=key)
        assert "seq" in await ear.next()


async def test_who_brings_no_key_is_let_go(app: App, server: str) -> None:
    made(app)
    async with listening(server) as ear:
        assert await closed(ear) == 1008


async def test_who_comes_through_a_proxy_is_let_go_also_where_no_key_was_ever_made(server: str) -> None:
    async with listening(server, additional_headers={"X-Forwarded-For": "192.0.2.1"}) as ear:
        assert await closed(ear) == 1008


async def test_strangers_take_few_of_the_places(db: Path) -> None:
    with open_app(Settings(db=db, websocket_connections=20)) as app, serving(app) as server:
        key = made(app)
        async with listening(server), listening(server) as second:
            async with connect(server.replace("http", "ws") + "/ws") as third:
                with pytest.raises(ConnectionClosed) as full:
                    await third.recv()
                assert full.value.rcvd is not None
                assert full.value.rcvd.code == 1013
            async with listening(server, additional_headers=bearing(key)) as known:
                assert "seq" in known.welcome
            await second.say(type="authenticate", key=key)
            assert "seq" in await second.next()
            async with listening(server) as another:
                assert another.welcome["type"] == "welcome"


@pytest.mark.parametrize("brought", [None, "kbn_00000000_" + "x" * 43])
async def test_an_address_whose_sockets_bring_no_good_key_is_refused_more(db: Path, brought: str | None) -> None:
    with open_app(Settings(db=db)) as app, serving(app) as server:
        key = made(app)
        tried = 0
        with pytest.raises(InvalidStatus) as refused:
            while tried < 30:
                async with listening(server) as ear:
                    tried += 1
                    if brought is not None:
                        await ear.say(type="authenticate", key=brought)
                        assert await closed(ear) == 1008
        # The last of them may have been on its way out.
        assert 20 <= tried <= 22
        assert refused.value.response.status_code == 429
        async with httpx2.AsyncClient(base_url=server) as client:
            assert (await client.get("/api/boards")).status_code == 429
        async with listening(server, additional_headers=bearing(key)) as known:
            assert "seq" in known.welcome


async def test_sockets_of_foreign_pages_are_refused(server: str) -> None:
    with pytest.raises(Exception, match="403"):
        async with connect(server.replace("http", "ws") + "/ws", origin="http://evil.example"):  # type: ignore[arg-type]
            pass


async def test_a_session_is_not_there_for_another_key(app: App, server: str) -> None:
    one, other = made(app), made(app)
    async with httpx2.AsyncClient(base_url=server, headers=ACCEPT) as client:
        opened = await client.post("/mcp", json=INITIALIZE, headers=bearing(one))
        session = {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        ping: dict[str, Any] = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        assert (await client.post("/mcp", json=ping, headers={**session, **bearing(one)})).status_code == 200
        assert (await client.post("/mcp", json=ping, headers={**session, **bearing(other)})).status_code == 404


async def test_a_stream_takes_no_messages_of_another_key(app: App, server: str) -> None:
    one, other = made(app), made(app)
    async with (
        httpx2.AsyncClient(base_url=server) as client,
        client.stream("GET", "/sse", headers=bearing(one)) as stream,
    ):
        lines = stream.aiter_lines()
        while not (line := await anext(lines)).startswith("data: "):
            pass
        path = line.removeprefix("data: ")
        for key, status in ((other, 404), (one, 202)):
            assert (await client.post(path, json=INITIALIZE, headers=bearing(key))).status_code == status
        while not (line := await anext(lines)).startswith("data: "):
            pass
        assert json.loads(line.removeprefix("data: "))["result"]["serverInfo"]["name"] == "kanban-mcp"


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_whoever_watches_the_server_needs_no_key(app: App, server: str, path: str) -> None:
    made(app)
    async with httpx2.AsyncClient(base_url=server) as client:
        assert (await client.get(path)).status_code == 200
