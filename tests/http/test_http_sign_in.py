"""A key pasted into the page once: kept in a cookie that no script reads and no other page uses."""

import httpx2
import pytest

from kanban_mcp.app import App
from kanban_mcp.transport.server.asgi import site
from tests.http.test_http_keys import bearing, made, revoked


@pytest.fixture
def client(app: App) -> httpx2.AsyncClient:
    """A browser, as far as cookies go, without a socket between."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(site(app).asgi), base_url="http://localhost:8765")


async def signed_in(client: httpx2.AsyncClient, key: str, **headers: str) -> str:
    """Sign in; the cookie as it was set."""
    answered = await client.post("/session", headers={**bearing(key), **headers})
    assert answered.status_code == 200
    return answered.headers["set-cookie"]


async def test_who_signed_in_is_known_by_the_cookie_alone(app: App, client: httpx2.AsyncClient) -> None:
    cookie = await signed_in(client, made(app, "ann"))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert (await client.post("/api/boards", json={"name": "B"})).status_code == 201
    assert (await client.get("/session")).json() == {"actor": "ann", "writes": True, "signedIn": True}
    changes = await app.runner.call("list_changes", {}, actor="test")
    assert changes["rows"][0][2] == "ann"


async def test_the_cookie_is_for_encrypted_connections_alone_where_the_page_came_over_one(
    app: App, client: httpx2.AsyncClient
) -> None:
    origin = f"https://{client.base_url.netloc.decode()}"
    assert "; Secure" in await signed_in(client, made(app), Origin=origin)


async def test_who_signs_out_needs_a_key_again(app: App, client: httpx2.AsyncClient) -> None:
    await signed_in(client, made(app))
    assert (await client.delete("/session")).status_code == 204
    assert (await client.get("/api/boards")).status_code == 401
    assert (await client.get("/session")).status_code == 401


async def test_a_wrong_key_signs_nobody_in(app: App, client: httpx2.AsyncClient) -> None:
    made(app)
    for headers in ({}, bearing("kbn_00000000_" + "x" * 43)):
        answered = await client.post("/session", headers=headers)
        assert answered.status_code == 401
        assert "set-cookie" not in answered.headers


async def test_a_key_that_was_revoked_still_shows_the_page_that_asks_for_another(
    app: App, client: httpx2.AsyncClient
) -> None:
    key = made(app)
    await signed_in(client, key)
    revoked(app, key)
    assert (await client.get("/")).status_code == 200
    answered = await client.get("/api/boards")
    assert answered.status_code == 401
    assert "revoked" in answered.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost:1"},
        {"Origin": "null"},
    ],
)
async def test_another_page_of_the_same_machine_cannot_use_the_cookie(
    app: App, client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    await signed_in(client, made(app))
    answered = await client.post("/api/boards", json={"name": "B"}, headers=headers)
    assert answered.status_code in (401, 403)
    assert (await client.get("/api/boards?detail=summary")).json()["rows"] == []


async def test_a_key_that_reads_is_refused_what_writes(app: App, client: httpx2.AsyncClient) -> None:
    await signed_in(client, made(app, scope="read"))
    assert (await client.get("/session")).json()["writes"] is False
    assert (await client.post("/api/boards", json={"name": "B"})).status_code == 403


@pytest.mark.parametrize("page", ["/", "/boards/1", "/boards/1/charts", "/tasks/1", "/diagnostics"])
async def test_pages_come_without_a_key_and_show_nothing_of_the_boards(
    app: App, client: httpx2.AsyncClient, page: str
) -> None:
    await app.runner.call("create_board", {"name": "Secret"}, actor="ann")
    made(app)
    answered = await client.get(page)
    assert answered.status_code == 200
    assert "Secret" not in answered.text
