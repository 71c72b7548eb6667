"""Both parsers of HTTP, the one in Python and that of the extra `fast`, serve and refuse the same."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.http.conftest import PATIENCE
from tests.live.servers import Running, agent, listening, over_http, over_sse, serving

FAST = Path(sys.prefix) / "fast"
"""Where `make test` puts the extra."""


@pytest.fixture(scope="module", params=["h11", "httptools"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose parser is that one."""
    place = FAST
    if request.param == "h11":
        place = tmp_path_factory.mktemp("without")
        (place / "httptools.py").write_text("raise ImportError")
    elif not FAST.exists():
        pytest.skip(f"not run: {FAST} is not there; `make test` makes it")
    through = ("env", f"PYTHONPATH={place}")
    with serving(tmp_path_factory.mktemp("db") / "kanban.db", through=through, rate_limit=0) as running:
        loaded = [each.path for each in psutil.Process(running.process.pid).memory_maps()]
        assert any("httptools" in path for path in loaded) == (request.param == "httptools")
        yield running


def said(server: Running, raw: bytes) -> bytes:
    """All that is answered to some bytes, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), PATIENCE) as connection:
        connection.sendall(raw)
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


async def test_every_transport_is_served(server: Running) -> None:
    async with (
        agent(over_http(server.url)) as modern,
        agent(over_http(server.url, mode="legacy")) as older,
        agent(over_sse(server.url)) as oldest,
        listening(server.url) as ear,
        httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE) as client,
    ):
        board = await modern("create_board", name="Plan")
        await ear.subscribe(f"board:{board['id']}")
        for each in (modern, older, oldest):
            await each("create_task", board="Plan", title="x")
        assert (await client.post("/api/tasks", json={"board": "Plan", "title": "x" * 100})).status_code == 201
        assert len(await ear.changes(4)) == 4
        tag = (await client.get("/api/tasks")).headers["etag"]
        assert (await client.get("/api/tasks", headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000, b"400"),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\nConnection: close\r\n\r\n", b"4"),
        (b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.1\r\nHost: \tlocalhost \t\r\nConnection: close \r\n\r\n", b"200"),
        (b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n", b"413"),
        (b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
        (
            b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            b"400",
        ),
        (
            b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
            b"400",
        ),
        (
            b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"400",
        ),
    ],
)
def test_what_is_no_request_is_refused(server: Running, raw: bytes, status: bytes) -> None:
    assert said(server, raw).startswith(b"HTTP/1.1 " + status)


def test_a_body_of_ten_megabytes_whose_size_is_not_told_is_refused(server: Running) -> None:
    head = b"POST /api/boards HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    answered = said(server, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 160 + b"0\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/api/boards", "/mcp"])
def test_an_offer_to_speak_another_protocol_is_not_taken(server: Running, path: str) -> None:
    body = b'{"name":"offered over %s"}' % path.encode()
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answered = said(server, head % (path.encode(), len(body)) + offer + body + last)
    assert answered.count(b"HTTP/1.1 ") == 2
    assert answered.endswith(b'{"status":"ok"}')
    assert (b" 201 " in answered) if path == "/api/boards" else (b"Parse error" not in answered)


def test_requests_that_come_at_once_are_answered_in_order(server: Running) -> None:
    one = b"GET /nowhere%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answered = said(server, b"".join(one % number for number in range(10)) + last)
    assert answered.count(b"HTTP/1.1 404 ") == 10
    assert answered.rindex(b"HTTP/1.1 200 ") > answered.rindex(b"HTTP/1.1 404 ")


def test_the_server_goes_on_after_all_that(server: Running) -> None:
    assert b" 200 " in said(server, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
