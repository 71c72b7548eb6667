"""API keys: made on the command line, asked for on every route, dead the moment they are revoked."""

import asyncio
import base64
import hashlib
import re
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.strangers import STRANGER
from kanban_mcp.transport.server.asgi import site
from tests.conftest import Call, SettableClock
from tests.http.conftest import PATIENCE, routes, serving
from tests.live.servers import over_http

FORM = r"kbn_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{43}"
TASKS = "/api/tasks"


def command(db: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`kanban-mcp` on a file."""
    return subprocess.run(
        [sys.executable, "-m", "kanban_mcp", *arguments, "--db", str(db)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def made(app: App, actor: str = "ci", scope: Scope = "write", expires_at: str | None = None) -> str:
    """The text of a new key."""
    make = lambda: app.services.keys.create(actor, scope, expires_at=expires_at)  # noqa: E731
    return app.writer.submit(make, caller=Caller("test")).result()[1]


def revoked(app: App, text: str) -> None:
    """End a key."""
    app.writer.submit(lambda: app.services.keys.revoke(text), caller=Caller("test")).result()


def bearing(text: str) -> dict[str, str]:
    """The header that brings a key."""
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def local(app: App) -> httpx2.AsyncClient:
    """A client of the application, without a socket between."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(site(app).asgi), base_url="http://localhost")


def test_a_key_is_made_listed_and_revoked_on_the_command_line(db: Path) -> None:
    created = command(db, "keys", "create", "--actor", "ci", "--scope", "read", "--expires", "90d")
    key = created.stdout.strip()
    assert re.fullmatch(FORM, key)
    listed = command(db, "keys", "list").stdout
    assert re.search(rf"{key[4:12]} +ci +read +all .*usable", listed)
    assert command(db, "keys", "revoke", key[4:12]).returncode == 0
    assert "revoked" in command(db, "keys", "list").stdout
    assert key[13:] not in listed


@pytest.mark.parametrize(
    "flags",
    [
        ("revoke", "nosuchid"),
        ("create", "--actor", "ci", "--board", "nowhere"),
        ("create", "--actor", "ci", "--expires", "2020-01-01"),
        ("create", "--actor", "ci", "--expires", "soon"),
        ("create", "--actor", " "),
        ("create", "--actor", "ci", "--scope", "root"),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_a_line_that_says_why(db: Path, flags: tuple[str, ...]) -> None:
    refused = command(db, "keys", *flags)
    assert refused.returncode in (1, 2)
    assert refused.stdout == ""
    assert "Traceback" not in refused.stderr


def test_the_file_holds_no_key_only_its_hash(app: App, db: Path) -> None:
    text = made(app)
    app.database.empty_log()
    kept = db.read_bytes()
    assert text[13:].encode() not in kept
    assert base64.b64encode(text.encode()) not in kept
    assert hashlib.sha256(text.encode()).digest() in kept


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_a_name_in_a_header_is_read_as_programs_and_as_browsers_write_it(
    app: App, local: httpx2.AsyncClient, encoding: str
) -> None:
    named = {b"X-Actor": "Zoë".encode(encoding)}
    assert (await local.post("/api/boards", json={"name": "A"}, headers=named)).is_success
    changes = await app.runner.call("list_changes", {}, actor="test")
    assert changes["rows"][0][2] == "Zoë"


async def test_whoever_calls_from_this_machine_is_let_in_until_there_is_a_key(
    app: App, local: httpx2.AsyncClient
) -> None:
    assert (await local.get("/api/boards")).is_success
    text = made(app)
    assert (await local.get("/api/boards")).status_code == 401
    assert (await local.get("/api/boards", headers=bearing(text))).status_code == 200
    revoked(app, text)
    # A server that opened again with its last key would open to all when a key leaked and was revoked.
    assert (await local.get("/api/boards")).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_what_a_proxy_passes_on_is_not_from_this_machine(local: httpx2.AsyncClient, header: str) -> None:
    assert (await local.get("/api/boards", headers={header: "1.2.3.4"})).status_code == 401


PUBLIC = {
    *("/health", "/health/live", "/health/ready", "/openapi.json", "/docs", "/docs/style.css"),
    *("/", "/boards/1", "/boards/1/charts", "/tasks/1", "/diagnostics", "/session"),
}
"""What shows nothing of the boards. Files of the page are public too, and have a name that nobody can guess."""


async def test_every_route_but_the_public_ones_asks_for_a_key(app: App, local: httpx2.AsyncClient) -> None:
    made(app)
    statuses = {}
    for route in routes(app):
        answered = await local.get(route)
        statuses[route] = answered.status_code
        if answered.status_code == 401:
            assert answered.headers["content-type"] == "application/problem+json"
            assert answered.headers.get("www-authenticate", "").startswith("Bearer") or route == "/session"
    # After twenty failures in a minute an address is asked to wait.
    assert {route for route, status in statuses.items() if status not in (401, 429)} == PUBLIC - {"/session"}


async def test_a_key_is_taken_in_either_header_and_its_actor_is_bound_to_it(
    app: App, local: httpx2.AsyncClient
) -> None:
    text = made(app, "ci")
    for number, header in enumerate((bearing(text), {"x-api-key": text})):
        answered = await local.post("/api/boards", json={"name": f"B{number}"}, headers={**header, "X-Actor": "eve"})
        assert answered.is_success
    changes = await app.runner.call("list_changes", {}, actor="test")
    assert {row[2] for row in changes["rows"]} == {"ci"}


async def test_a_wrong_a_torn_and_a_foreign_key_are_refused_alike(app: App, local: httpx2.AsyncClient) -> None:
    text = made(app)
    wrong = [text[:-1] + ("A" if text[-1] != "A" else "B"), text[:-1], "kbn_00000000_" + "x" * 43, "x", "é", ""]
    answers = [await local.get("/api/boards", headers={b"x-api-key": key.encode()}) for key in wrong]
    assert {answered.status_code for answered in answers} == {401}
    assert len({answered.json()["detail"] for answered in answers}) == 1


async def test_who_revokes_the_last_key_is_told_that_nobody_may_call_now(db: Path) -> None:
    first, second = (command(db, "keys", "create", "--actor", name).stdout.strip() for name in ("ann", "bo"))
    assert "No key is left" not in command(db, "keys", "revoke", first).stderr
    said = command(db, "keys", "revoke", second).stderr
    assert "No key is left: nobody may call over HTTP until `kanban-mcp keys create --actor NAME` makes one." in said


async def test_a_revoked_key_is_dead_at_once_also_in_another_process(db: Path, app: App) -> None:
    text = made(app)
    with serving(app) as url:
        async with httpx2.AsyncClient(base_url=url, headers=bearing(text)) as client:
            assert (await client.get("/api/boards")).status_code == 200
            command(db, "keys", "revoke", text)
            answered = await client.get("/api/boards")
    assert answered.status_code == 401
    assert "revoked" in answered.json()["detail"]


@pytest.mark.parametrize("way", ["rest", "mcp"])
async def test_who_waits_for_news_hears_nothing_once_the_key_has_ended(app: App, call: Call, way: str) -> None:
    text, waiting = made(app), asyncio.Event()
    await call("create_board", name="Alpha")

    def look(name: str, *_: object) -> None:
        if name == "changes.since" and "AnyIO" in threading.current_thread().name:  # others read the log too
            loop.call_soon_threadsafe(waiting.set)

    loop, since = asyncio.get_running_loop(), app.news.last()
    app.database.on_query = look
    with serving(app) as url:
        asked = asyncio.ensure_future(listened(url, text, way, since))
        await waiting.wait()
        revoked(app, text)
        await call("create_task", title="said in confidence")
        said = await asked
    assert "The API key has ended." in said
    assert "confidence" not in said


async def listened(url: str, key: str, way: str, since: int) -> str:
    """What is answered to who waits for changes."""
    if way == "rest":
        async with httpx2.AsyncClient(base_url=url, headers=bearing(key), timeout=PATIENCE) as client:
            answer = await client.get(f"/api/changes?since={since}&wait=30")
            assert answer.status_code == 401
            return answer.text
    async with over_http(url, key=key) as agent:
        await agent.list_tools()  # else the client asks for them after the call, with a key that has ended
        return str(await agent.call_tool("list_changes", {"since": since, "wait": 30}))


async def test_an_expired_key_lets_nobody_in(app: App, local: httpx2.AsyncClient, clock: SettableClock) -> None:
    text = made(app, expires_at="2026-01-02T00:00:00.000000Z")
    assert (await local.get("/api/boards", headers=bearing(text))).status_code == 200
    clock.advance(days=1)
    assert (await local.get("/api/boards", headers=bearing(text))).status_code == 401


async def test_a_connection_learns_that_its_key_has_ended(app: App) -> None:
    text = made(app)
    keyring = Keyring(app)
    caller = keyring.caller(text)
    assert keyring.still_valid(caller)
    revoked(app, text)
    assert not keyring.still_valid(caller)
    assert not keyring.still_valid(STRANGER)


async def test_a_request_costs_no_statement_while_nothing_is_committed(app: App) -> None:
    keyring, text = Keyring(app), made(app)
    keyring.caller(text)
    app.writer.submit(lambda: None, caller=Caller("test")).result()
    keyring.caller(text)
    names: list[str] = []
    app.database.on_query = lambda name, *_: names.append(name)
    for _ in range(100):
        keyring.caller(text)
    assert names == []


async def test_the_last_use_of_a_key_is_kept(app: App) -> None:
    text = made(app)
    Keyring(app).caller(text)
    app.writer.submit(lambda: None, caller=Caller("test")).result()
    with app.database.reading():
        (key,) = app.services.keys.all()
    assert key.last_used_at is not None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_a_server_for_other_machines_does_not_start_without_a_key_and_says_how_to_make_one(db: Path, host: str) -> None:
    refused = command(db, "serve", "--host", host)
    assert refused.returncode == 2
    assert f"kanban-mcp keys create --actor NAME --scope write --db {db}" in refused.stderr
