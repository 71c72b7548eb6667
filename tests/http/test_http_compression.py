"""Compression: what the client accepts, above 1 KB, once."""

import gzip
from typing import Any

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kanban_mcp.transport.server.compression import Compression
from kanban_mcp.transport.wire.introduction import MODERN_VERSION
from tests.conftest import Call

ALL = {"Accept-Encoding": "zstd, br, gzip"}


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """A task whose brief is above 1 KB."""
    return await call("create_task", title="long", description="words " * 400)


async def encoding(client: httpx2.AsyncClient, accepted: str, address: str = "/api/tasks/1") -> str | None:
    response = await client.get(address, headers={"Accept-Encoding": accepted})
    assert response.status_code == 200
    return response.headers.get("content-encoding")


async def test_the_best_that_is_accepted_is_used(client: httpx2.AsyncClient, task: dict[str, Any]) -> None:
    assert await encoding(client, "gzip, br, zstd") == "zstd"
    assert await encoding(client, "gzip, br") == "br"
    assert await encoding(client, "gzip") == "gzip"
    assert await encoding(client, "*") == "zstd"
    assert await encoding(client, "identity") is None
    assert await encoding(client, "gzip;q=0, zstd;q=0") is None
    assert await encoding(client, "zstd;q=0, br;q=0, gzip;q=0.5") == "gzip"


async def test_what_is_compressed_is_the_same_and_has_a_tag_of_its_own(
    client: httpx2.AsyncClient, task: dict[str, Any]
) -> None:
    plain = await client.get("/api/tasks/1", headers={"Accept-Encoding": "identity"})
    async with client.stream("GET", "/api/tasks/1", headers={"Accept-Encoding": "gzip"}) as response:
        raw = b"".join([part async for part in response.aiter_raw()])
    assert gzip.decompress(raw) == plain.content
    assert len(raw) == int(response.headers["content-length"])
    assert "accept-encoding" in response.headers["vary"].lower()
    assert response.headers["etag"] == plain.headers["etag"][:-1] + '.gzip"'
    for tag in (response.headers["etag"], plain.headers["etag"]):
        again = await client.get("/api/tasks/1", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert ("vary" in again.headers) == tag.endswith('.gzip"')
    written = await client.patch("/api/tasks/1", json={"title": "x"}, headers={"If-Match": response.headers["etag"]})
    assert written.status_code == 200


async def test_what_is_small_is_sent_as_it_is(client: httpx2.AsyncClient, call: Call, board: dict[str, Any]) -> None:
    empty = await client.get("/api/tasks/1", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in empty.headers
    made = await call("create_task", title="x")
    size = len((await client.get("/api/tasks/1")).content)
    await call("update_task", task_id=made["id"], description="x" * (1024 - size - len(',"description":""')))
    at_limit = await client.get("/api/tasks/1", headers={"Accept-Encoding": "gzip"})
    assert len(at_limit.content) == 1024
    assert "content-encoding" not in at_limit.headers
    await call("update_task", task_id=made["id"], description="x" * (1025 - size - len(',"description":""')))
    assert await encoding(client, "gzip") == "gzip"


async def test_answers_that_could_have_been_compressed_say_what_they_depend_on(
    client: httpx2.AsyncClient, task: dict[str, Any]
) -> None:
    for accepted in ("gzip", "identity", "gzip;q=0"):
        response = await client.get("/api/tasks/1", headers={"Accept-Encoding": accepted})
        assert response.headers["vary"] == "Accept-Encoding"


async def test_a_result_over_mcp_that_comes_as_a_stream_is_not_compressed(
    client: httpx2.AsyncClient, task: dict[str, Any]
) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": 1,
    }
    tasks = [{"title": "long", "description": "words " * 100} for _ in range(20)]
    params = {"name": "create_tasks", "arguments": {"tasks": tasks}, "_meta": meta}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    told = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN_VERSION,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "create_tasks",
    }
    response = await client.post("/mcp", json=message, headers={**ALL, **told})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in response.headers
    assert len(response.content) > 1024
    assert "notifications/progress" in response.text


async def test_the_stream_of_the_older_sse_is_not_compressed(client: httpx2.AsyncClient) -> None:
    async with client.stream("GET", "/sse", headers=ALL) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in response.headers
        assert (await anext(response.aiter_raw())).startswith(b"event: endpoint")


async def test_what_is_compressed_already_is_sent_as_it_is() -> None:
    body = gzip.compress(bytes(range(256)) * 100)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Content-Encoding": "gzip"}
        await Response(body, headers=headers, media_type="application/json")(scope, receive, send)

    transport = httpx2.ASGITransport(Compression(app))
    async with (
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client,
        client.stream("GET", "/", headers=ALL) as response,
    ):
        assert b"".join([part async for part in response.aiter_raw()]) == body
        assert response.headers["content-encoding"] == "gzip"
