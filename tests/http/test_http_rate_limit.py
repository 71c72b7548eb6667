"""The rate limit: exact, by key or address, not to be evaded, shared through a real Valkey where there is one."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.access.clients import ClientAddresses
from kanban_mcp.transport.access.shared_windows import SharedWindows
from kanban_mcp.transport.access.windows import WINDOW_SECONDS, Windows
from kanban_mcp.transport.server.asgi import site
from tests.http.conftest import PATIENCE
from tests.http.test_http_keys import bearing, made
from tests.redis.servers import RedisServer, found

SECOND = 1_000_000_000
LIMIT = 5

needs_redis = pytest.mark.skipif(not found(), reason="no Valkey or Redis server for this machine")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30 * SECOND)), max_size=60), st.integers(1, 6))
def test_no_window_ever_holds_more_than_the_limit_and_no_request_within_it_is_refused(
    steps: list[tuple[str, int]], limit: int
) -> None:
    now = 0
    windows = Windows(limit, clock=lambda: now)
    admitted: dict[str, list[int]] = {"a": [], "b": []}
    for name, delay in steps:
        now += delay
        within = [moment for moment in admitted[name] if moment > now - WINDOW_SECONDS * SECOND]
        verdict = windows.hit(name)
        assert verdict.allowed == (len(within) < limit)
        if verdict.allowed:
            admitted[name].append(now)
            within.append(now)
        assert verdict.remaining == limit - len(within)
        assert verdict.reset_seconds == (within[0] + WINDOW_SECONDS * SECOND - now) / SECOND


def test_what_is_remembered_follows_the_requests_of_the_last_minute() -> None:
    now = 0
    windows = Windows(1000, clock=lambda: now, most=10_000)
    for number in range(50_000):
        now += SECOND // 1000
        windows.hit(f"address:{number}")
    assert len(windows) == 10_000
    now += (WINDOW_SECONDS + 1) * SECOND
    windows.hit("address:last")
    assert len(windows) == 1


@pytest.mark.parametrize(
    ("peer", "header", "address"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "unknown"),
        ("2001:db8::1:2:3:4", "", "2001:db8::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
    ],
)
def test_a_forwarding_header_is_believed_of_a_trusted_proxy_alone(peer: str, header: str, address: str) -> None:
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", header.encode())]}
    assert ClientAddresses(["10.0.0.0/8"]).of(scope) == address


@pytest.fixture
def limited(db: Path) -> Iterator[App]:
    """An app that takes five requests a minute."""
    with open_app(Settings(db=db, toolsets=("all",), rate_limit=LIMIT)) as app:
        yield app


@pytest.fixture
async def client(limited: App) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of it, without a socket between."""
    transport = httpx2.ASGITransport(site(limited).asgi)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        yield opened


async def test_the_limit_is_told_with_each_answer_and_the_next_request_is_refused(client: httpx2.AsyncClient) -> None:
    for number in range(LIMIT):
        answered = await client.get("/api/boards")
        assert answered.status_code == 200
        assert answered.headers["x-ratelimit-limit"] == str(LIMIT)
        assert answered.headers["x-ratelimit-remaining"] == str(LIMIT - 1 - number)
    refused = await client.get("/api/boards")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) == refused.json()["retryAfter"] <= WINDOW_SECONDS
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.json()["code"] == "rate_limited"
    assert (await client.get("/health")).status_code == 200


async def test_each_key_has_a_window_of_its_own(limited: App, client: httpx2.AsyncClient) -> None:
    for text in (made(limited), made(limited)):
        statuses = [(await client.get("/api/boards", headers=bearing(text))).status_code for _ in range(LIMIT + 1)]
        assert statuses == [200] * LIMIT + [429]


async def test_neither_unknown_keys_nor_forged_headers_evade_the_limit(
    limited: App, client: httpx2.AsyncClient
) -> None:
    text = made(limited)
    statuses = []
    for number in range(100):
        forged = {"x-api-key": f"kbn_{number:08}_{'x' * 43}", "X-Forwarded-For": f"1.2.3.{number}"}
        statuses.append((await client.get("/api/boards", headers=forged)).status_code)
    assert statuses == [401] * 20 + [429] * 80
    assert (await client.get("/api/boards", headers=bearing(text))).status_code == 200


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A running server."""
    running = RedisServer(tmp_path)
    yield running
    running.stop()


HITS = """
import asyncio, sys
from kanban_mcp.transport.access.shared_windows import SharedWindows
async def main():
    windows = SharedWindows(sys.argv[1], timeout=30)
    verdicts = [await windows.hit("key:x", 100) for _ in range(50)]
    print(sum(verdict.allowed for verdict in verdicts))
    await windows.close()
asyncio.run(main())
"""


@needs_redis
async def test_four_processes_share_one_limit(redis_server: RedisServer) -> None:
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", HITS, redis_server.url, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    admitted = [int((await child.communicate())[0]) for child in children]
    assert sum(admitted) == 100
    with redis_server.client() as client:
        assert 0 < client.pttl("kanban:rate:key:x") <= WINDOW_SECONDS * 1000


@needs_redis
@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_without_redis_each_process_counts_alone_and_what_was_counted_counts_on(
    db: Path, redis_server: RedisServer, fault: signal.Signals
) -> None:
    settings = Settings(db=db, toolsets=("all",), rate_limit=LIMIT, redis_url=redis_server.url)
    with open_app(settings) as app:
        transport = httpx2.ASGITransport(site(app).asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert [(await client.get("/api/boards")).status_code for _ in range(3)] == [200] * 3
            redis_server.signal(fault)
            statuses = [(await client.get("/api/boards")).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


@needs_redis
async def test_a_dead_redis_is_left_alone_after_some_failures(redis_server: RedisServer) -> None:
    now = 0.0
    windows = SharedWindows(redis_server.url, clock=lambda: now, timeout=PATIENCE)
    assert await windows.hit("a", 10) is not None
    redis_server.signal(signal.SIGKILL)
    assert [await windows.hit("a", 10) for _ in range(4)] == [None] * 4
    redis_server.start()
    assert await windows.hit("a", 10) is None
    now = 5.0
    verdict = await windows.hit("a", 10)
    assert verdict is not None
    await windows.close()
