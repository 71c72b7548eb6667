"""Servers of both kinds, and apps that share one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.conftest import Call
from tests.redis.servers import KINDS, RedisServer, found


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """A running server, once of each kind."""
    if request.param not in found():
        pytest.skip(f"no {request.param}-server on this machine: .ci/run installs it")
    running = RedisServer(tmp_path, found()[request.param])
    yield running
    running.stop()


@pytest.fixture
def apps(db: Path, server: RedisServer) -> Iterator[tuple[App, App]]:
    """Two apps on one file and one Redis."""
    settings = Settings(db=db, toolsets=("all",), redis_url=server.url)
    with open_app(settings) as one, open_app(settings) as other:
        yield one, other


@pytest.fixture
def call(apps: tuple[App, App]) -> Call:
    """Operations of the first app."""

    async def run(operation: str, /, actor: str = "ann", **arguments: Any) -> dict[str, Any]:
        return await apps[0].runner.call(operation, arguments, actor=actor)

    return run


@pytest.fixture
async def board(call: Call) -> dict[str, Any]:
    """A board with a task."""
    view = await call("create_board", name="Alpha")
    await call("create_task", title="x")
    return view


async def shown(app: App) -> dict[str, Any]:
    """The tasks of the board as an app shows them, which processes share."""
    return await app.runner.call("list_tasks", {}, actor="ann")
