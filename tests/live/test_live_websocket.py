"""Changes as they happen, over a WebSocket."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.servers import Deaf, Ear, Running, agent, listening, over_http, serving
from tests.transport.clients import PATIENCE, Agent, client_of


@pytest.fixture
async def ann(server: Running) -> AsyncIterator[Agent]:
    async with agent(over_http(server.url)) as connected:
        yield connected


@pytest.fixture
async def board(ann: Agent, request: pytest.FixtureRequest) -> dict[str, Any]:
    return await ann("create_board", name=request.node.name[:100])


@pytest.fixture
async def ear(server: Running) -> AsyncIterator[Ear]:
    async with listening(server.url) as connected:
        yield connected


async def test_a_socket_is_welcomed_with_the_newest_seq(ann: Agent, board: dict[str, Any], server: Running) -> None:
    async with listening(server.url) as ear:
        assert ear.welcome["type"] == "welcome"
        assert ear.welcome["seq"] == await ann.last_seq()
        assert ear.welcome["heartbeat_seconds"] == 30


async def test_a_room_hears_of_its_own_changes_only(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    other = await ann("create_board", name="another")
    assert await ear.subscribe(f"board:{board['id']}") == []
    await ann("create_task", board=other["id"], title="elsewhere")
    task = await ann("create_task", board=board["id"], title="here")

    batch = await ear.next()

    assert (batch["type"], batch["room"]) == ("batch", f"board:{board['id']}")
    assert batch["timestamp"].endswith("Z")
    (change,) = batch["messages"]
    assert (change["action"], change["entity"], change["entity_id"]) == ("created", "task", task["id"])
    assert change["after"]["title"] == "here"
    assert change["actor"] == "ann"


async def test_a_room_of_a_task_hears_of_it_and_its_notes(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    one, two = [await ann("create_task", board=board["id"], title=title) for title in ("one", "two")]
    await ear.subscribe(f"task:{one['id']}")
    await ann("update_task", task_id=two["id"], priority=9)
    await ann("update_task", task_id=one["id"], priority=9)
    await ann("add_note", task_id=one["id"], content="found it")
    changes = await ear.changes(2)
    assert [(change["entity"], change["task_id"]) for change in changes] == [("task", one["id"]), ("note", one["id"])]


async def test_what_was_missed_is_replayed_and_then_live(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    since = await ann.last_seq()
    for number in range(25):
        await ann("create_task", board=board["id"], title=f"task {number}")

    missed = await ear.subscribe(f"board:{board['id']}", since=since)
    await ann("create_task", board=board["id"], title="live")

    assert [len(batch["messages"]) for batch in missed] == [10, 10, 5]
    replayed = [change for batch in missed for change in batch["messages"]]
    assert [*replayed, *await ear.changes(1)] == [_without_nulls(change) for change in await ann.changes(since)]


async def test_replay_meets_live_without_gap_or_duplicate(ann: Agent, server: Running, board: dict[str, Any]) -> None:
    """Readers come while another writes: each hears of every change once, in order."""
    since, room = await ann.last_seq(), f"board:{board['id']}"
    rounds, tasks = 12, 10

    async def write() -> None:
        for number in range(rounds):
            titles = [{"title": f"{number}.{place}"} for place in range(tasks)]
            await ann("create_tasks", board=board["id"], tasks=titles)

    async def read() -> list[int]:
        async with listening(server.url) as ear:
            await ear.say(type="subscribe", rooms=[room], since=since)
            return [change["seq"] for change in await ear.changes(rounds * tasks)]

    async def come_and_go() -> list[list[int]]:
        return [await read() for _ in range(3)]

    async with asyncio.TaskGroup() as together:
        readers = [together.create_task(come_and_go()) for _ in range(4)]
        together.create_task(write())

    expected = [change["seq"] for change in await ann.changes(since)]
    assert all(seqs == expected for reader in readers for seqs in reader.result())


async def test_frames_hold_ten_changes_at_most_in_order(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    await ear.subscribe(f"board:{board['id']}")
    await ann("create_tasks", board=board["id"], tasks=[{"title": f"task {number}"} for number in range(100)])
    seqs: list[int] = []
    while len(seqs) < 100:
        messages = (await ear.next())["messages"]
        assert 1 <= len(messages) <= 10
        seqs += [change["seq"] for change in messages]
    assert seqs == sorted(set(seqs))


async def test_unsubscribing_ends_it(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    room = f"board:{board['id']}"
    await ear.subscribe(room)
    await ear.say(type="unsubscribe", rooms=[room])
    await ear.say(type="ping")
    assert (await ear.next())["type"] == "pong"
    task = await ann("create_task", board=board["id"], title="unheard")
    await ear.subscribe(f"task:{task['id']}")
    await ann("update_task", task_id=task["id"], priority=3)
    assert (await ear.next())["room"] == f"task:{task['id']}"


async def test_a_write_of_another_process_is_heard(server: Running, ear: Ear, board: dict[str, Any]) -> None:
    await ear.subscribe(f"board:{board['id']}")
    async with client_of(server.db, "--actor", "bob", env={}) as other:
        await other.call_tool("create_task", {"board": board["id"], "title": "from afar"})
    (change,) = await ear.changes(1)
    assert (change["actor"], change["after"]["title"]) == ("bob", "from afar")


async def test_what_is_no_longer_kept_is_said_to_be_trimmed(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    """So is a seq that this log has not reached: the reader's is of another file."""
    last = await ann.last_seq()
    (told,) = await ear.subscribe(f"board:{board['id']}", since=last + 1000)
    assert (told["trimmed"], told["messages"], told["seq"]) == (True, [], last)
    await ann("create_task", board=board["id"], title="after")
    assert len(await ear.changes(1)) == 1


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        (b"\x00\x01", "invalid", "Binary frames"),
        ("{", "invalid", "it is no JSON"),
        ("[" * 60_000, "invalid", "nested too deeply"),
        ("[]", "invalid", "Not a message"),
        ('{"type":"dance"}', "invalid", "Not a message"),
        ('{"type":"subscribe"}', "invalid", "rooms: Field required"),
        ('{"type":"subscribe","rooms":["kitchen"]}', "invalid", "rooms.0"),
        ('{"type":"subscribe","rooms":["board:0"]}', "invalid", "rooms.0"),
        ('{"type":"subscribe","rooms":["board:1"],"since":-1}', "invalid", "since"),
        ('{"type":"subscribe","rooms":["board:1"],"sinse":1}', "invalid", "sinse"),
        ('{"type":"subscribe","rooms":["board:999"]}', "not_found", "999"),
        ('{"type":"subscribe","rooms":["task:99999"]}', "not_found", "99999"),
        ('{"type":"subscribe","rooms":["task:999999999999999999"]}', "not_found", "999999999999999999"),
        ('{"type":"ping","text":"\\ud800"}', "invalid", "text"),
    ],
)
async def test_what_makes_no_sense_is_an_error_and_the_socket_stays(
    ear: Ear, sent: str | bytes, code: str, says: str
) -> None:
    await ear.connection.send(sent)
    wrong = await ear.next()
    assert (wrong["type"], wrong["code"]) == ("error", code)
    assert says in wrong["message"]
    assert wrong["hint"]
    await ear.say(type="ping")
    assert (await ear.next())["type"] == "pong"


async def test_one_bad_room_does_not_spoil_the_others(ann: Agent, ear: Ear, board: dict[str, Any]) -> None:
    (wrong,) = await ear.subscribe("board:999", f"board:{board['id']}")
    assert (wrong["type"], wrong["room"], wrong["code"]) == ("error", "board:999", "not_found")
    await ann("create_task", board=board["id"], title="heard")
    assert len(await ear.changes(1)) == 1


async def test_a_frame_above_64_kib_closes_the_socket(ear: Ear) -> None:
    await ear.connection.send("x" * 65_537)
    with pytest.raises(ConnectionClosed) as closed:
        await ear.next()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_other_paths_are_no_websockets(server: Running) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(server.url.replace("http", "ws") + "/wss"):
            pass


def _without_nulls(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if value is not None}


# Limits, each on a server of its own


async def test_text_that_is_no_utf_8_closes_its_socket_and_leaves_no_traceback(db: Path) -> None:
    with serving(db) as running:
        async with listening(running.url) as ear:
            ear.connection.protocol.send_text(b"\xff\xfe")
            ear.connection.transport.write(b"".join(ear.connection.protocol.data_to_send()))
            with pytest.raises(ConnectionClosed) as ended:
                await ear.next()
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1007
        assert "Traceback" not in running.stop()


ASKING = (
    b" /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET" + ASKING + b"Content-Length: 3\r\n\r\nabc", b"400"),
        (b"POST" + ASKING + b"Content-Length: 2\r\n\r\n{}", b"400"),
        (b"GET" + ASKING + b"X: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
        (b"GET" + ASKING + b"Origin: https://elsewhere.example\r\n\r\n", b"403"),
        (b"GET" + ASKING.replace(b"/ws", b"/nowhere") + b"\r\n", b"404"),
    ],
    ids=["body", "post", "long header", "foreign page", "elsewhere"],
)
def test_who_may_have_no_socket_is_told_and_the_server_ends_as_ever(db: Path, raw: bytes, status: bytes) -> None:
    with serving(db) as running:
        with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), PATIENCE) as asking:
            asking.sendall(raw)
            assert asking.recv(65_536).startswith(b"HTTP/1.1 " + status)
            while asking.recv(65_536):
                pass
        assert (running.stop(), running.process.returncode) == ("", 0)


def connect_to(server: Running) -> connect:
    """A socket, from before its welcome."""
    return connect(server.url.replace("http", "ws") + "/ws", ping_interval=None)


async def test_one_too_many_is_told_to_come_back(db: Path) -> None:
    with serving(db, websocket_connections=2) as server:
        async with listening(server.url), listening(server.url), connect_to(server) as third:
            with pytest.raises(ConnectionClosed) as closed:
                await third.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
        async with listening(server.url) as again:
            assert again.welcome["type"] == "welcome"


@pytest.mark.long
async def test_a_thousand_sockets_of_one_address_have_places_and_one_more_has_none(db: Path) -> None:
    """As the server is set up by default: its limit on requests is no limit on sockets."""
    with serving(db) as server:
        async with contextlib.AsyncExitStack() as there, connect_to(server) as first:
            await first.recv()
            for _ in range(999):
                await there.enter_async_context(listening(server.url, ping_interval=None))
            async with connect_to(server) as beyond:
                with pytest.raises(ConnectionClosed) as closed:
                    await beyond.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1013


@pytest.mark.long
async def test_a_hundred_thousand_changes_are_told_in_order(db: Path) -> None:
    with serving(db, websocket_queue=100_000, rate_limit=0) as server:
        async with agent(over_http(server.url)) as ann, listening(server.url) as ear:
            board = await ann("create_board", name="busy")
            await ear.subscribe(f"board:{board['id']}")
            last = await ann.last_seq()
            for _ in range(1000):
                await ann("create_tasks", tasks=[{"title": "x"}] * 100)
                changes = await ear.changes(100)
                assert [change["seq"] for change in changes] == list(range(last + 1, last + 101))
                last += 100


async def test_who_reads_by_fits_and_starts_hears_everything_in_order(db: Path) -> None:
    """Between what waits in a socket's queue and what may be written at once, nothing overtakes."""
    with serving(db, rate_limit=0, websocket_queue=10_000, websocket_patience_seconds=PATIENCE) as server:
        async with agent(over_http(server.url)) as ann, listening(server.url, max_queue=1) as ear:
            board = await ann("create_board", name="busy")
            await ear.subscribe(f"board:{board['id']}")
            last = await ann.last_seq()
            for _ in range(4):
                for _ in range(20):
                    await ann("create_tasks", tasks=[{"title": "x", "description": "y" * 15_000}] * 5)
                more = ann("create_tasks", tasks=[{"title": "z"}] * 50)
                _, changes = await asyncio.gather(more, ear.changes(150))
                assert [change["seq"] for change in changes] == list(range(last + 1, last + 151))
                last += 150


async def test_who_does_not_read_is_closed_and_others_do_not_notice(db: Path) -> None:
    with serving(db, websocket_patience_seconds=0.5) as server:
        async with agent(over_http(server.url)) as ann, listening(server.url) as ear:
            board = await ann("create_board", name="busy")
            await ear.subscribe(f"board:{board['id']}")
            with Deaf(server.url, board["id"]) as deaf:
                written = 0
                while not _gone(deaf) or (await _sockets(ann)) != 1:
                    tasks = [{"title": "x", "description": "y" * 5000}] * 20
                    await ann("create_tasks", board=board["id"], tasks=tasks)
                    written += 20
                    heard = await ear.changes(20)
                    assert [change["after"]["title"] for change in heard] == ["x"] * 20
                assert await _sockets(ann) == 1


async def test_who_is_gone_without_a_word_is_noticed(db: Path) -> None:
    """It answers no heartbeat: its end is held open, and nobody reads there."""
    with serving(db, websocket_heartbeat_seconds=0.2) as server, Deaf(server.url, 1):
        async with agent(over_http(server.url)) as ann, listening(server.url) as ear, asyncio.timeout(PATIENCE):
            while await _sockets(ann) != 1:
                pass
            await ear.say(type="ping")
            assert (await ear.next())["type"] == "pong"


async def test_a_server_that_ends_tells_its_sockets_to_come_back(db: Path) -> None:
    with serving(db) as server:
        async with listening(server.url) as ear:
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            with pytest.raises(ConnectionClosed) as closed:
                await ear.next()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
            assert await stopping == ""
        assert server.process.returncode == 0


async def _sockets(ann: Agent) -> int:
    return int((await ann("get_performance"))["connections"].get("websocket", 0))


def _gone(deaf: socket.socket) -> bool:
    """Whether the other end has let go: sending finds that out, reading would make it no longer deaf."""
    try:
        deaf.sendall(bytes([0x8A, 0x80, 0, 0, 0, 0]))
    except OSError:
        return True
    return False
