"""Foreign hosts, foreign pages and unwelcome bodies, on a real server."""

import itertools
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.access.guard import Guard
from kanban_mcp.transport.server.asgi import site
from tests.http.conftest import PATIENCE, routes

OURS = {"Content-Type": "application/json"}


def port_of(server: str) -> int:
    return int(server.rpartition(":")[2])


def said(server: str, raw: bytes) -> bytes:
    """All that the server answers to some bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", port_of(server)), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(raw)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_every_part_has_its_routes_in_the_list(app: App) -> None:
    """What the tests below try is what there is."""
    expected = {"/mcp", "/mcp/", "/sse", "/messages", "/ws", "/metrics", "/health", "/openapi.json", "/docs", "/"}
    expected |= {"/api/boards", "/api/tasks/1", "/api/tasks/batch", "/session", "/boards/1/charts.json"}
    assert expected <= set(routes(app))


async def test_a_host_that_is_not_ours_is_refused_on_every_route(app: App, client: httpx2.AsyncClient) -> None:
    foreign = ("evil.com", "localhost:80.evil.com", "127.0.0.1.evil.com", "localhost@evil.com", "")
    for route, host in itertools.product(routes(app), foreign):
        answered = await client.get(route, headers={"Host": host})
        assert answered.status_code == 421, (route, host)
        assert answered.headers["content-type"] == "application/problem+json"


async def test_a_page_of_another_origin_is_refused_on_every_route(app: App, client: httpx2.AsyncClient) -> None:
    foreign = ("https://evil.com", "null", "http://localhost:1", "http://localhost.evil.com")
    for route, origin, method in itertools.product(routes(app), foreign, ("GET", "POST")):
        answered = await client.request(method, route, headers={"Origin": origin})
        assert answered.status_code == 403
        assert answered.json()["code"] == "forbidden"


async def test_a_page_of_our_own_and_a_client_that_is_no_page_are_welcome(client: httpx2.AsyncClient) -> None:
    for headers in ({}, {"Origin": str(client.base_url).rstrip("/")}, {"Sec-Fetch-Site": "same-origin"}):
        assert (await client.get("/health", headers=headers)).status_code == 200


async def test_what_a_browser_calls_cross_site_is_refused_unless_someone_follows_a_link(
    client: httpx2.AsyncClient,
) -> None:
    following = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await client.get("/health", headers=following)).status_code == 200
    assert (await client.post("/health", headers=following)).status_code == 403
    for foreign in ("cross-site", "same-site"):
        assert (await client.get("/health", headers={"Sec-Fetch-Site": foreign})).status_code == 403


def test_a_request_without_a_host_or_with_two_is_refused(server: str) -> None:
    assert b" 4" in said(server, b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").split(b"\r\n")[0]
    two = b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\nConnection: close\r\n\r\n"
    assert b" 4" in said(server, two).split(b"\r\n")[0]
    assert b" 421 " in said(server, b"GET /health HTTP/1.0\r\n\r\n").split(b"\r\n")[0]


@pytest.mark.parametrize("header", [b"Origin: https://evil.com", b"Host: evil.com"])
def test_a_websocket_of_a_foreign_page_is_refused_before_it_is_accepted(server: str, header: bytes) -> None:
    host = b"" if header.startswith(b"Host") else b"Host: localhost\r\n"
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    raw = b"GET /ws HTTP/1.1\r\n" + host + header + b"\r\n" + upgrade + b"AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    status = said(server, raw).split(b"\r\n")[0]
    assert b" 403 " in status or b" 421 " in status


@pytest.mark.parametrize(
    ("bound", "host", "welcome"),
    [
        ("127.0.0.1", "localhost:9", True),
        ("127.0.0.1", "[::1]:9", True),
        ("127.0.0.1", "192.168.1.5", False),
        ("192.168.1.5", "192.168.1.5:8765", True),
        ("192.168.1.5", "192.168.1.6", False),
        ("0.0.0.0", "192.168.1.6:80", True),
        ("0.0.0.0", "[fe80::1]:80", True),
        ("0.0.0.0", "evil.com", False),
        ("0.0.0.0", "board.example.com", True),
        ("0.0.0.0", "api.example.com:443", True),
        ("0.0.0.0", "api.example.com:80", False),
    ],
)
async def test_the_names_a_server_goes_by_follow_from_where_it_listens_and_what_is_allowed(
    bound: str, host: str, welcome: bool
) -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard = Guard(inner, bound=bound, hosts=("Board.example.com", "api.example.com:443"), origins=())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(guard), base_url="http://any") as client:
        answered = await client.get("/", headers={"Host": host})
    assert answered.status_code == (204 if welcome else 421)


@pytest.mark.parametrize(("route", "most"), [("/api/boards", 1024 * 1024), ("/mcp", 4 * 1024 * 1024)])
def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: str, route: str, most: int) -> None:
    head = f"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {most + 1}"
    assert b" 413 " in said(server, head.encode() + b"\r\n\r\n").split(b"\r\n")[0]


async def test_ten_megabytes_are_refused_whether_their_size_is_told_or_not(client: httpx2.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b" " * 65536

    assert (await client.post("/api/boards", content=b" " * 10_000_000, headers=OURS)).status_code == 413
    assert (await client.post("/api/boards", content=parts(), headers=OURS)).status_code == 413
    assert (await client.get("/health")).status_code == 200


async def test_a_body_that_is_not_plain_json_is_refused(client: httpx2.AsyncClient) -> None:
    forms = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    unwelcome = [*({"Content-Type": form} for form in forms), {}, {**OURS, "Content-Encoding": "gzip"}]
    for route, headers in itertools.product(("/api/boards", "/mcp"), unwelcome):
        assert (await client.post(route, content=b"{}", headers=headers)).status_code == 415


async def test_the_application_answers_mcp_behind_all_that(app: App, client: httpx2.AsyncClient) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    answered = await client.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        headers={"Accept": "application/json, text/event-stream"},
    )
    assert answered.status_code == 200
    assert "kanban-mcp" in answered.text


async def test_pages_of_an_allowed_origin_may_read_answers_and_no_others(db: Path) -> None:
    allowed = "https://board.example.com"
    with open_app(Settings(db=db, allowed_origins=(allowed,))) as app:
        transport = httpx2.ASGITransport(site(app).asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as page:
            asked = {"Origin": allowed, "Access-Control-Request-Method": "PATCH"}
            before = await page.options("/api/tasks/1", headers=asked)
            assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, allowed)
            assert "PATCH" in before.headers["access-control-allow-methods"]
            answered = await page.get("/api/boards", headers={"Origin": allowed})
            assert (answered.status_code, answered.headers["access-control-allow-origin"]) == (200, allowed)
            foreign = await page.get("/api/boards", headers={"Origin": "https://evil.com"})
            assert foreign.status_code == 403
            assert "access-control-allow-origin" not in foreign.headers


async def test_what_is_nowhere_is_told_in_a_problem(client: httpx2.AsyncClient) -> None:
    for path in ("/nowhere", "/apix", "//api/tasks"):
        answered = await client.get(path)
        assert (answered.status_code, answered.json()["code"]) == (404, "not_found")
        assert answered.headers["content-type"] == "application/problem+json"


async def test_numbers_in_addresses_may_be_of_any_size(app: App, client: httpx2.AsyncClient) -> None:
    for path in (path for path in routes(app) if "1" in path):
        answered = await client.get(path.replace("1", "9" * 30))
        assert answered.status_code < 500, path
