"""Many servers on one file at once: nothing is lost, given twice, or seen out of order."""

from collections import Counter
from collections.abc import Callable

import anyio
import pytest

from kanban_mcp.store.ownership import SCHEMA_VERSION
from tests.faults.servers import Serve, Server, Table, start_all


async def create(server: Server, writer: str, count: int, made: dict[int, str]) -> None:
    """Make tasks one after the other, and remember what was answered."""
    for number in range(count):
        title = f"{writer}, task {number}"
        task = await server("create_task", title=title)
        assert task["id"] not in made
        made[task["id"]] = title


@pytest.mark.parametrize("each", [250, pytest.param(2000, marks=pytest.mark.long)])
async def test_two_servers_with_four_writers_each_lose_and_double_nothing(
    serve: Serve, table: Table, check_sound: Callable[[], None], each: int
) -> None:
    servers = await start_all(serve, ["ann", "bob"])
    await servers[0]("create_board", name="Plan")
    made: dict[int, str] = {}
    async with anyio.create_task_group() as tasks:
        for index, server in enumerate(servers):
            for writer in range(4):
                tasks.start_soon(create, server, f"server {index}, writer {writer}", each, made)
    for server in servers:
        await server.leave()
    assert len(made) == 8 * each
    assert {row["id"]: row["title"] for row in table("select id, title from tasks")} == made
    check_sound()


async def test_twenty_servers_may_start_at_once_on_no_file(serve: Serve, table: Table) -> None:
    servers = await start_all(serve, [f"agent {number}" for number in range(20)])
    boards: list[int] = []

    async def make_board(server: Server, name: str) -> None:
        boards.append((await server("create_board", name=name))["id"])

    async with anyio.create_task_group() as tasks:
        for number, server in enumerate(servers):
            tasks.start_soon(make_board, server, f"Board {number}")
    assert sorted(boards) == list(range(1, 21))
    for server in servers:
        assert len((await server("list_boards", limit=100))["rows"]) == 20
    assert len(table("select name from _sqlite_migrations")) == SCHEMA_VERSION


async def test_four_servers_are_never_given_the_same_task(serve: Serve, check_sound: Callable[[], None]) -> None:
    servers = await start_all(serve, ["ann", "bob", "cid", "dot"])
    await servers[0]("create_board", name="Plan")
    await servers[0]("create_tasks", tasks=[{"title": f"Task {number}"} for number in range(100)])
    claimed: Counter[int] = Counter()

    async def work(server: Server) -> None:
        while (task := (await server("claim_next")).get("task")) is not None:
            claimed[task["id"]] += 1
            await server("complete_task", task_id=task["id"], lease=task["lease"])

    async with anyio.create_task_group() as tasks:
        for server in servers * 2:
            tasks.start_soon(work, server)
    assert claimed == Counter(range(1, 101))
    for server in servers:
        await server.leave()
    check_sound()


async def watch(server: Server, until: int, seen: list[int]) -> None:
    """Follow the log, waiting for news, until so many changes were seen."""
    since = 0
    while len(seen) < until:
        page = await server("list_changes", since=since, limit=100, wait=30)
        assert page["rows"], "a wait ended without news while others write"
        seen += [row[0] for row in page["rows"]]
        since = int(page["next"])


async def test_a_waiting_reader_sees_all_changes_of_others_once_and_in_order(serve: Serve) -> None:
    watcher, *writers = await start_all(serve, ["watcher", "ann", "bob", "cid"])
    await writers[0]("create_board", name="Plan")
    seen: list[int] = []
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch, watcher, 1 + 3 * 150, seen)
            for number, server in enumerate(writers):
                tasks.start_soon(create, server, f"writer {number}", 150, {})
    assert seen == list(range(1, 1 + 1 + 3 * 150))


async def test_every_reader_hears_of_every_single_change_while_it_waits(serve: Serve) -> None:
    writer, *readers = await start_all(serve, ["ann", "bob", "cid"])
    await writer("create_board", name="Plan")
    for number in range(1, 11):
        heard: list[str] = []

        async def hear(reader: Server, since: int, heard: list[str]) -> None:
            page = await reader("list_changes", since=since, wait=30)
            heard += [row[page["columns"].index("actor")] for row in page["rows"]]

        async with anyio.create_task_group() as tasks:
            for reader in readers:
                tasks.start_soon(hear, reader, number, heard)
            tasks.start_soon(create, writer, "ann", 1, {})
        assert heard == ["ann", "ann"]


async def test_what_one_server_answered_every_other_sees_at_once(serve: Serve) -> None:
    servers = await start_all(serve, ["ann", "bob"])
    await servers[0]("create_board", name="Plan")
    await servers[0]("create_task", title="version 1")
    for version in range(1, 101):
        writer, reader = servers[version % 2], servers[(version + 1) % 2]
        await writer("update_task", task_id=1, title=f"version {version + 1}", version=version)
        assert (await reader("get_task", task_id=1))["title"] == f"version {version + 1}"
        assert (await reader("list_tasks"))["rows"][0][1] == f"version {version + 1}"
        assert (await reader("get_board"))["tasks"]["rows"][0][1] == f"version {version + 1}"
