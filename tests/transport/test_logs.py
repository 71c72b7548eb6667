"""A host that never reads what a server logs does not stop the server."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.live.servers import serving
from tests.transport.clients import PATIENCE, Agent

MANY = 600
"""Lines that no pipe holds."""


@pytest.fixture
def unread() -> Iterator[TextIO]:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    with open(writing, "w") as end:
        yield end
    os.close(reading)


@pytest.mark.parametrize("fast", ["true", "false"])
async def test_over_stdio(db: Path, unread: TextIO, fast: str) -> None:
    """Every statement is slow enough to be logged here."""
    env = {"KANBAN_SLOW_QUERY_MS": "0", "KANBAN_FAST_LANE": fast}
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "kanban_mcp", "--db", str(db)], env=env)
    async with Client(stdio_client(parameters, errlog=unread), read_timeout_seconds=PATIENCE) as client:
        agent = Agent(client)
        await agent("create_board", name="Plan")
        for number in range(MANY):
            await agent("list_tasks", limit=1 + number % 100)


def test_over_http(db: Path) -> None:
    """What anyone can cause is told once in a while."""
    with serving(db) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        for _ in range(MANY):
            with socket.create_connection(address, PATIENCE) as connection:
                connection.sendall(b"nonsense\r\n\r\n")
                assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")
        assert server.stop().count("Invalid HTTP request received.") == 1
