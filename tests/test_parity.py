"""Whoever asks, over whichever transport: the same operations, the same answers, the same errors."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol
from urllib.parse import quote

import httpx2
import pytest
from mcp import Client

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Operation
from kanban_mcp.settings import Settings
from kanban_mcp.store.gate import Gate
from tests.http.conftest import serving
from tests.live.servers import bearing, over_http, over_sse
from tests.transport.clients import PATIENCE, client_of, structure
from tests.transport.test_lanes import DAY

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
PROBLEM = ("type", "title", "status", "detail", "instance")
"""What HTTP adds to an error."""
PART = re.compile(r"\{(\w+)\}")
FORGET: tuple[str, dict[str, Any]] = ("invalidate_cache", {"pattern": "board:*"})
"""How much there is to forget depends on how often the log was looked at, which over HTTP is with each request."""
STEPS: list[tuple[str, dict[str, Any]]] = [
    *(step for step in DAY if step != FORGET),
    ("list_changes", {"since": 0, "limit": 100}),
    ("export_board", {"format": "csv"}),
    ("export_board", {"file": "alpha.jsonl"}),
    ("export_board", {"file": "alpha.jsonl"}),
    ("import_board", {"file": "alpha.jsonl", "name": "Again"}),
    ("import_board", {"file": "../alpha.jsonl"}),
]
OF_THE_MOMENT: list[tuple[str, dict[str, Any]]] = [
    FORGET,
    ("backup", {"file": "copy.db"}),
    ("profile", {"seconds": 0.1}),
    ("get_flow_metrics", {}),
    ("forecast", {}),
    *((name, {}) for name in ("get_batch_stats", "get_cache_stats", "get_health", "get_memory", "get_performance")),
    ("get_query_stats", {}),
]
"""What shows the server, its file or how long things took: only its parts can be compared."""
WHERE_SLOW = {"slow", "slow_count", "plans", "warnings", "leak", "truncated", "spans"}
"""Parts that are there when something was slow."""


class Said(NamedTuple):
    """An answer: whether it is an error, and its values."""

    refused: bool
    values: dict[str, Any]


class Way(Protocol):
    """Calls an operation over some transport; None where the transport has no way to say such a call."""

    async def __call__(self, operation: str, arguments: dict[str, Any]) -> Said | None: ...


Operations = Mapping[str, Operation]
Opening = Callable[[Settings, Operations], AbstractAsyncContextManager[Way]]


def tool(client: Client) -> Way:
    """Calls of tools."""

    async def call(operation: str, arguments: dict[str, Any]) -> Said:
        result = await client.call_tool(operation, arguments)
        return Said(bool(result.is_error), structure(result))

    return call


def stdio(mode: Literal["auto", "legacy"]) -> Opening:
    @asynccontextmanager
    async def opened(settings: Settings, operations: Operations) -> AsyncIterator[Way]:
        env = {"KANBAN_TOOLSETS": "all", "KANBAN_BOARD": "Alpha", "KANBAN_ACTOR": "ann"}
        env |= {"KANBAN_READ_ONLY": str(settings.read_only), "KANBAN_BUSY_TIMEOUT": str(settings.busy_timeout)}
        async with client_of(settings.db, mode=mode, env=env) as client:
            yield tool(client)

    return opened


def over(connect: Callable[[str], AbstractAsyncContextManager[Client]]) -> Opening:
    @asynccontextmanager
    async def opened(settings: Settings, operations: Operations) -> AsyncIterator[Way]:
        with open_app(settings) as app, serving(app) as url:
            async with connect(url) as client:
                yield tool(client)

    return opened


def rest(key: str | None = None) -> Opening:
    @asynccontextmanager
    async def opened(settings: Settings, operations: Operations) -> AsyncIterator[Way]:
        with open_app(settings) as app, serving(app) as url:
            async with httpx2.AsyncClient(base_url=f"{url}/api", headers=bearing(key), timeout=PATIENCE) as client:
                yield _Rest(client, operations)

    return opened


class _Rest:
    """Operations at their addresses, in the form that agents get."""

    def __init__(self, client: httpx2.AsyncClient, operations: Operations) -> None:
        self._client = client
        self._operations = operations

    async def __call__(self, operation: str, arguments: dict[str, Any]) -> Said | None:
        if operation not in self._operations:
            return None
        method, _, template = self._operations[operation].http.partition(" ")
        rest = {"board": "Alpha", **arguments} if "{board}" in template else dict(arguments)
        if any(not isinstance(rest.get(part), int | str) for part in PART.findall(template)):
            return None
        path = PART.sub(lambda part: quote(str(rest.pop(part[1])), safe=""), template)
        reads = method in ("GET", "DELETE")
        query = {"detail": "summary", **({name: _text(value) for name, value in rest.items()} if reads else {})}
        answer = await self._client.request(method, path, params=query, json=None if reads else rest)
        values = answer.json()
        if answer.is_success:
            return Said(False, values)
        return Said(True, {name: value for name, value in values.items() if name not in PROBLEM})


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool) else value


def with_key(way: str, key: str | None) -> Opening:
    """A way over HTTP, for who has a key or none."""
    return {
        "HTTP": over(lambda url: over_http(url, key=key)),
        "HTTP, older era": over(lambda url: over_http(url, mode="legacy", key=key)),
        "SSE": over(lambda url: over_sse(url, key=key)),
        "REST": rest(key),
    }[way]


REMOTE = ("HTTP", "HTTP, older era", "SSE", "REST")
WAYS: dict[str, Opening] = {
    "stdio": stdio("auto"),
    "stdio, older era": stdio("legacy"),
    **{way: with_key(way, None) for way in REMOTE},
}


@pytest.fixture
def operations(app: App) -> Operations:
    """The whole catalogue."""
    return {operation.name: operation for operation in app.catalog.everything()}


def settings(folder: Path, **more: Any) -> Settings:
    """The same for each way, over a file of its own."""
    return Settings(db=folder / "kanban.db", toolsets=("all",), board="Alpha", actor="ann", **more)


async def told(call: Way, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Said | None]:
    """What each call in turn is answered."""
    return [await call(operation, arguments) for operation, arguments in calls]


def timeless(values: Any) -> Any:
    """Values without the times in them."""
    return json.loads(TIME.sub("T", json.dumps(values)))


def parts(said: Said | None) -> tuple[bool, list[str]] | None:
    """What an answer consists of."""
    return None if said is None else (said.refused, sorted(said.values.keys() - WHERE_SLOW))


async def test_all_operations_are_answered_the_same_over_every_transport(
    tmp_path: Path, operations: Operations
) -> None:
    """Each at least once, and every refusal that work can meet."""
    expected: list[Any] = []
    for way, opening in WAYS.items():
        async with opening(settings(tmp_path / way), operations) as call:
            found = [timeless(said) for said in await told(call, STEPS)]
            found += [parts(said) for said in await told(call, OF_THE_MOMENT)]
        expected = expected or found
        for step, one, other in zip([*STEPS, *OF_THE_MOMENT], expected, found, strict=True):
            assert other in (one, None), (way, step[0], str(step[1])[:200])
    assert {name for name, _ in (*STEPS, *OF_THE_MOMENT)} >= set(operations)
    codes = {values["code"] for refused, values in expected[: len(STEPS)] if refused}
    assert codes >= {"not_found", "conflict", "stale_version", "would_cycle", "wip_limit", "held", "invalid"}


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_only_reads_or_cannot_write_says_so_over_every_transport(
    tmp_path: Path, operations: Operations, way: str
) -> None:
    with open_app(settings(tmp_path)) as app:
        await app.runner.call("create_board", {"name": "Alpha"}, actor="ann")
    async with WAYS[way](settings(tmp_path, read_only=True), operations) as call:
        assert code(await call("create_task", {"title": "x"})) == "read_only"
        assert code(await call("list_tasks", {})) is None
    gate = Gate(tmp_path / "kanban.db.lock", timeout=1)
    async with WAYS[way](settings(tmp_path, busy_timeout=1.0), operations) as call:
        with gate.held():
            assert code(await call("create_task", {"title": "x"})) == "busy"
            assert code(await call("list_tasks", {})) is None
    gate.close()


@pytest.mark.parametrize("way", REMOTE)
async def test_a_key_that_may_only_read_is_told_so_over_every_transport(
    tmp_path: Path, operations: Operations, way: str
) -> None:
    with open_app(settings(tmp_path)) as app:
        await app.runner.call("create_board", {"name": "Alpha"}, actor="ann")
        make = lambda: app.services.keys.create("ann", "read")  # noqa: E731
        key = app.writer.submit(make, caller=Caller("ann")).result()[1]
    async with with_key(way, key)(settings(tmp_path), operations) as call:
        assert code(await call("create_task", {"title": "x"})) == "forbidden"
        assert code(await call("list_tasks", {})) is None


def code(said: Said | None) -> str | None:
    """The code of what must be an error, or None."""
    assert said is not None
    return str(said.values["code"]) if said.refused else None
