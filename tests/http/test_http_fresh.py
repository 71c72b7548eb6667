"""What is remembered is never stale: whoever wrote, whoever asks, the next answer is true."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from tests.conftest import Call, SettableClock
from tests.http.conftest import PATIENCE

TASK = "/api/tasks/1"


@pytest.fixture
def elsewhere(db: Path, app: App, clock: SettableClock) -> Iterator[App]:
    """Another server on the same file."""
    with open_app(Settings(db=db, toolsets=("all",)), clock=clock) as other:
        yield other


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """A task on a board."""
    return await call("create_task", title="one")


async def test_a_write_of_another_process_ends_a_304_at_once(
    client: httpx2.AsyncClient, elsewhere: App, task: dict[str, Any]
) -> None:
    for title in ("two", "three"):
        tag = {"If-None-Match": (await client.get(TASK)).headers["etag"]}
        for _ in range(2):
            assert (await client.get(TASK, headers=tag)).status_code == 304
        await elsewhere.runner.call("update_task", {"task_id": 1, "title": title}, actor="eve")
        changed = await client.get(TASK, headers=tag)
        assert (changed.status_code, changed.json()["title"]) == (200, title)


async def test_what_was_never_written_again_is_not_forgotten_but_what_was_deleted_is(
    client: httpx2.AsyncClient, elsewhere: App, task: dict[str, Any]
) -> None:
    await elsewhere.runner.call("create_task", {"title": "two"}, actor="eve")
    first, second = await client.get(TASK), await client.get("/api/tasks/2")
    await elsewhere.runner.call("delete_task", {"task_id": 2, "confirm": True}, actor="eve")
    assert (await client.get("/api/tasks/2")).status_code == 404
    again = await client.get(TASK)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert second.status_code == 200


async def test_an_answer_is_remembered_for_those_alone_who_may_see_it(
    app: App, elsewhere: App, client: httpx2.AsyncClient, task: dict[str, Any]
) -> None:
    await elsewhere.runner.call("create_board", {"name": "Other"}, actor="eve")

    def key(*boards: str) -> dict[str, str]:
        make = lambda: elsewhere.services.keys.create("ci", "read", boards=boards)  # noqa: E731
        return {"x-api-key": elsewhere.writer.submit(make, caller=Caller("test")).result()[1]}

    everywhere, there, here = key(), key("Other"), key("Alpha")
    for _ in range(2):
        assert (await client.get(TASK, headers=everywhere)).status_code == 200
        assert (await client.get(TASK, headers=there)).status_code == 404
        assert (await client.get(TASK, headers=here)).status_code == 200
        assert (await client.get(TASK)).status_code == 401


async def test_a_key_revoked_elsewhere_opens_nothing_that_is_remembered(
    elsewhere: App, client: httpx2.AsyncClient, task: dict[str, Any]
) -> None:
    make = lambda: elsewhere.services.keys.create("ci", "read")  # noqa: E731
    text = elsewhere.writer.submit(make, caller=Caller("test")).result()[1]
    with_key = {"x-api-key": text}
    tag = {"If-None-Match": (await client.get(TASK, headers=with_key)).headers["etag"]}
    assert (await client.get(TASK, headers=with_key | tag)).status_code == 304
    elsewhere.writer.submit(lambda: elsewhere.services.keys.revoke(text), caller=Caller("test")).result()
    assert (await client.get(TASK, headers=with_key | tag)).status_code == 401


async def test_answers_on_one_connection_come_in_order_and_whole(server: str, task: dict[str, Any]) -> None:
    requests = [
        b"GET /api/tasks/1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"HEAD /api/tasks/1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/tasks/1 HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n",
        b"GET /api/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ]
    with socket.create_connection(("127.0.0.1", int(server.rpartition(":")[2])), PATIENCE) as connection:
        connection.sendall(b"".join(requests))
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    heads = [line for line in b"".join(parts).split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [head.partition(b"HTTP/1.1 ")[2][:3] for head in heads] == [b"200", b"200", b"304", b"404", b"200"]
