"""What the pages on a running server show is so."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.live.servers import agent, over_http, serving
from tests.transport.clients import PATIENCE, client_of

HOWTO = Path(__file__).parents[2] / "docs" / "howto"


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("hear-of-changes.md", "live.py"),
        ("keep-a-server-running.md", "Dockerfile"),
        ("keep-a-server-running.md", "kanban-mcp.service"),
    ],
)
def test_pages_show_their_files(page: str, file: str) -> None:
    assert f"\n{(HOWTO / file).read_text()}```" in (HOWTO / page).read_text()


async def test_the_program_that_listens_goes_on_where_it_was_when_the_server_comes_back(db: Path) -> None:
    with serving(db) as server:
        port = server.url.rpartition(":")[2]
        async with agent(over_http(server.url)) as ann:
            await ann("create_board", name="Plan")
            listener = await asyncio.create_subprocess_exec(
                sys.executable, str(HOWTO / "live.py"), f"ws://127.0.0.1:{port}", "1", stdout=asyncio.subprocess.PIPE
            )
            assert listener.stdout is not None
            assert await listener.stdout.readline() == b"listening from 1\n"
            await ann("create_task", title="while it listens")
            assert await listener.stdout.readline() == b"2 mcp created task 1\n"
    async with client_of(db, "--actor", "bob", env={}) as bob:
        await bob.call_tool("create_task", {"title": "while no server runs"})
    with serving(db, port=port):
        async with asyncio.timeout(PATIENCE):
            assert await listener.stdout.readline() == b"listening from 2\n"
            assert await listener.stdout.readline() == b"3 bob created task 2\n"
        listener.terminate()
        await listener.wait()
