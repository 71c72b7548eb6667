"""Clients that never finish what they began."""

import contextlib
import socket
from pathlib import Path

import pytest

from kanban_mcp.app import App
from kanban_mcp.transport.server.http_protocol import MOST_CONNECTIONS, TOLD
from tests.http.conftest import PATIENCE, serving
from tests.live import servers as live

WHOLE = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: loc", WHOLE + b"GET /health HT"])
def test_a_connection_whose_headers_never_end_is_closed(app: App, begun: bytes) -> None:
    with serving(app, header_seconds=0.2) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(begun)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
    assert b"".join(parts).count(b"HTTP/1.1 200") == begun.count(WHOLE)


def test_headers_that_are_too_large_are_refused(app: App) -> None:
    with serving(app) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000)
            assert b" 400 " in connection.recv(65536).split(b"\r\n")[0]


def test_a_server_takes_more_connections_than_a_shell_allows_files(db: Path) -> None:
    """As many as the hard limit of the system lets it."""
    limited = ("sh", "-c", 'ulimit -S -n 64 && exec "$@"', "sh")
    with live.serving(db, through=limited) as server, contextlib.ExitStack() as there:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        for _ in range(100):
            connection = there.enter_context(socket.create_connection(address, PATIENCE))
            connection.sendall(WHOLE)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.long
def test_connections_beyond_the_most_are_told_so_and_many_more_are_closed(db: Path) -> None:
    with live.serving(db, rate_limit=0) as server, contextlib.ExitStack() as there:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))

        def asking(request: bytes) -> socket.socket:
            connection = there.enter_context(socket.create_connection(address, PATIENCE))
            connection.sendall(request)
            return connection

        first = asking(WHOLE)
        assert first.recv(65_536).startswith(b"HTTP/1.1 200 ")
        for _ in range(MOST_CONNECTIONS):
            asking(b"GET /api/changes?wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asking(WHOLE).recv(65_536).startswith(b"HTTP/1.1 503 ")
        first.sendall(WHOLE)
        assert first.recv(65_536).startswith(b"HTTP/1.1 200 ")
        for _ in range(2 * TOLD):
            last = asking(b"GET /hea")
        with pytest.raises(ConnectionResetError):
            last.recv(1)
        assert server.stop().count("connections are open") == 1
