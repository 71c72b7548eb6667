"""Clients that never finish what they began."""

import socket

import pytest

from kanban_mcp.app import App
from tests.http.conftest import PATIENCE, serving

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
