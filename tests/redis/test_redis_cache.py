"""The shared cache on a real server, which is killed, frozen and lied to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import Unusable
from kanban_mcp.settings import Settings
from kanban_mcp.store.remote import Remote
from tests.conftest import Call
from tests.redis.conftest import shown
from tests.redis.servers import RedisServer, delay, fill, flush, freeze, kill


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
            assert (await shown(app))["rows"][-1][1] == title


async def test_another_file_at_the_same_place_is_not_taken_for_the_first(
    apps: tuple[App, App], db: Path, server: RedisServer, board: dict[str, Any]
) -> None:
    await shown(apps[0])
    with server.client() as client:
        kept = {name: client.get(name) for name in client.keys("kanban:list_tasks:*")}
    assert kept
    other = db.with_name("other.db")
    with open_app(Settings(db=other, redis_url=server.url)) as app:
        await app.runner.call("create_board", {"name": "Other"}, actor="ann")
        await app.runner.call("create_task", {"title": "other"}, actor="ann")
        await shown(app)
        with server.client() as client:
            for name in client.keys("kanban:list_tasks:*"):
                client.set(name, next(iter(kept.values())) or b"")
        app.cache.forget()
        assert (await shown(app))["rows"][0][1] == "other"


@pytest.mark.parametrize("value", [b"", b"nonsense", b"[1,2]", b'["{broken",[],1,"x"]', b'["{}",["a"],"one","x"]'])
async def test_nonsense_in_redis_counts_as_nothing(
    apps: tuple[App, App], server: RedisServer, board: dict[str, Any], value: bytes
) -> None:
    view = await shown(apps[0])
    with server.client() as client:
        for name in client.keys("*"):
            client.set(name, value)
    assert await shown(apps[1]) == view


async def test_a_redis_that_answers_late_is_not_waited_for(
    apps: tuple[App, App], server: RedisServer, board: dict[str, Any]
) -> None:
    for number in range(3):
        await apps[1].runner.call("create_task", {"title": f"{number}"}, actor="bob")
        delay(server)
        assert (await shown(apps[0]))["rows"][-1][1] == f"{number}"
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
            assert (await shown(app))["rows"][-1][1] == f"{number}"
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
    await call("list_tasks")
    for pattern, left in (("get_*", [b"list_tasks"]), ("list_*", [])):
        await call("get_board")
        await call("invalidate_cache", pattern=pattern)
        with server.client() as client:
            assert [name.split(b":")[1] for name in client.keys("kanban:*")] == left


def test_a_url_that_is_none_is_refused_at_the_start(db: Path) -> None:
    with pytest.raises(Unusable, match="Redis URL"), open_app(Settings(db=db, redis_url="http://example.org")):
        pass
