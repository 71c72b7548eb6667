"""A key is shown the tools that it may call, and no other: in both eras, with and without the fast lane."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.operations import Operation
from kanban_mcp.settings import Settings
from tests.conftest import SettableClock
from tests.http.conftest import PATIENCE, serving
from tests.http.test_http_keys import bearing
from tests.transport.clients import ERAS, Era

KEYS: list[tuple[Scope, tuple[int, ...]]] = [
    ("read", ()),
    ("write", ()),
    ("admin", ()),
    ("read", (1,)),
    ("write", (1,)),
]
"""Scopes, and the boards that a key is limited to."""


@pytest.fixture(params=[True, False], ids=["both lanes", "without the fast lane"])
def app(db: Path, clock: SettableClock, request: pytest.FixtureRequest) -> Iterator[App]:
    with open_app(Settings(db=db, toolsets=("all",), fast_lane=request.param), clock=clock) as opened:
        opened.writer.submit(lambda: opened.services.boards.create_board("Plan"), caller=Caller("ann")).result()
        yield opened


def key_of(app: App, scope: Scope, boards: tuple[int, ...] = ()) -> str:
    """The text of a new key."""
    make = lambda: app.services.keys.create("ci", scope, boards=boards)  # noqa: E731
    return app.writer.submit(make, caller=Caller("ann")).result()[1]


def forbidden(operation: Operation, scope: Scope, limited: bool) -> bool:
    """Whether a key is refused whatever it asks of an operation."""
    order = ["read", "write", "admin"]
    return order.index(scope) < order.index(operation.scope) or (limited and operation.wide)


@pytest.mark.parametrize("mode", ERAS)
async def test_a_key_is_shown_what_it_may_call(app: App, mode: Era) -> None:
    keys = [(scope, boards, key_of(app, scope, boards)) for scope, boards in KEYS]
    with serving(app) as url:
        for scope, boards, key in keys:
            listed = await listed_with(f"{url}/mcp", key, mode)
            wanted = [each.name for each in app.catalog if not forbidden(each, scope, bool(boards))]
            assert listed == wanted, (scope, boards)
            assert len(listed) < len(list(app.catalog)) or (scope, boards) == ("admin", ())


async def listed_with(url: str, key: str, mode: Era) -> list[str]:
    """The tools that a key is shown."""
    async with (
        httpx2.AsyncClient(headers=bearing(key), timeout=PATIENCE) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        return [tool.name for tool in (await client.list_tools()).tools]


@pytest.mark.parametrize("mode", ERAS)
async def test_a_hint_says_what_a_key_lacks_for_the_tools_it_names(app: App, mode: Era) -> None:
    key = key_of(app, "read")
    with serving(app) as url:
        async with (
            httpx2.AsyncClient(headers=bearing(key), timeout=PATIENCE) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
        ):
            error = (await client.call_tool("get_board", {"board": "Nowhere"})).structured_content
    assert error["hint"] == (
        "list_boards shows the boards, create_board makes one. create_board needs the scope 'write'. "
        "Use a key that has it; `kanban-mcp keys create` makes one."
    )


async def test_a_tool_that_is_not_shown_is_refused_in_words(app: App) -> None:
    key = key_of(app, "read")
    with serving(app) as url:
        async with (
            httpx2.AsyncClient(headers=bearing(key), timeout=PATIENCE) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            refused = await client.call_tool("create_task", {"title": "x"})
            assert refused.structured_content["code"] == "forbidden"
            assert "scope 'write'" in refused.structured_content["message"]
            assert (await client.list_tools()).cache_scope == "private"
