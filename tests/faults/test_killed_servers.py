"""Servers that die: what they acknowledged is there, and nothing of them is left in the way."""

import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from tests.faults.servers import Gone, Serve, Server, Table, command, spawn, take_gate

SEED = 20260728
WRITERS = 4


class Acknowledged:
    """Writes to a server until it dies, and remembers what it answered."""

    def __init__(self, trial: int, enough: int) -> None:
        self.trial = trial
        self.titles: dict[int, str] = {}
        self.notes: dict[int, str] = {}
        self._enough = enough
        self._are_enough = anyio.Event()

    async def write(self, server: Server, number: int) -> None:
        """Tasks, and a note on every second one, for as long as there are answers."""
        count = 0
        try:
            while True:
                title = f"trial {self.trial}, writer {number}, task {count}"
                made = await server("create_task", title=title)
                self.titles[made["id"]] = title
                count += 1
                if count % 2:
                    note = await server("add_note", task_id=made["id"], content=title)
                    self.notes[note["id"]] = title
                if len(self.titles) >= self._enough:
                    self._are_enough.set()
        except Gone:
            return

    async def kill_amid(self, server: Server, turns: int) -> None:
        """Kill the server so many turns of the event loop after enough was acknowledged."""
        await self._are_enough.wait()
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        server.process.send_signal(signal.SIGKILL)
        await server.ended()


async def killed_amid_writes(server: Server, trial: int, chance: random.Random) -> Acknowledged:
    acknowledged = Acknowledged(trial, enough=chance.randrange(5, 60))
    async with anyio.create_task_group() as tasks:
        for number in range(WRITERS):
            tasks.start_soon(acknowledged.write, server, number)
        await acknowledged.kill_amid(server, turns=chance.randrange(300))
    return acknowledged


async def killed_again_and_again(serve: Serve, trials: range, lane: str, kept: list[Acknowledged]) -> None:
    """Servers one after the other, each of which starts where the last was killed."""
    chance = random.Random(f"{SEED} {lane}")
    server = await serve("--actor", lane)
    for trial in trials:
        acknowledged = await killed_amid_writes(server, trial, chance)
        kept.append(acknowledged)
        server = await serve("--actor", lane)
        last = max(acknowledged.titles)
        assert (await server("get_task", task_id=last))["title"] == acknowledged.titles[last]
    assert await server.leave() == 0


@pytest.mark.parametrize("trials", [8, pytest.param(200, marks=pytest.mark.long)])
async def test_no_acknowledged_write_is_lost_when_servers_are_killed(
    serve: Serve, table: Table, check_sound: Callable[[], None], trials: int
) -> None:
    kept: list[Acknowledged] = []
    await (await serve())("create_board", name="Plan")
    async with anyio.create_task_group() as lanes:
        lanes.start_soon(killed_again_and_again, serve, range(0, trials, 2), "ann", kept)
        lanes.start_soon(killed_again_and_again, serve, range(1, trials, 2), "bob", kept)
    titles = {row["id"]: row["title"] for row in table("select id, title from tasks")}
    notes = {row["id"]: row["content"] for row in table("select id, content from notes")}
    assert len(kept) == trials
    for acknowledged in kept:
        assert acknowledged.titles.items() <= titles.items()
        assert acknowledged.notes.items() <= notes.items()
    check_sound()


async def test_a_server_killed_amid_a_write_leaves_the_gate_free(serve: Serve, db: Path) -> None:
    server = await serve()
    await server("create_board", name="Plan")
    await killed_amid_writes(server, 0, random.Random(SEED))
    take_gate(db, 0)


async def test_a_server_ends_when_its_client_closes_the_pipe(serve: Serve, db: Path) -> None:
    server = await serve()
    await server("create_board", name="Plan")
    assert await server.leave() == 0
    take_gate(db, 0)
    assert not db.with_name("kanban.db-wal").exists()


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "interrupted"])
async def test_a_server_ends_when_it_is_asked_to(serve: Serve, db: Path, signal_: signal.Signals) -> None:
    server = await serve()
    await server("create_board", name="Plan")
    server.process.send_signal(signal_)
    assert await server.ended() == 0
    take_gate(db, 0)


CLIENT = """
import subprocess, sys
server = subprocess.Popen(sys.argv[1:], stdin=0, stdout=1)
print(server.pid, flush=True, file=sys.stderr)
server.wait()
"""
"""A client in the way a host is one: it starts the server. It hands its own pipes on."""


async def test_a_server_ends_with_the_process_that_started_it(db: Path) -> None:
    client = Server(await spawn([sys.executable, "-c", CLIENT, *command(db)]))
    await client.greet()
    await client("create_board", name="Plan")
    client.process.kill()
    # Our end of its stdin stays open, so only the death of its parent tells the server. Its stdout ends with it.
    with pytest.raises(Gone):
        while True:
            await client.ask("tools/list", {})
    take_gate(db, 1)
    await client.close()


async def test_a_server_ends_amid_a_long_wait(serve: Serve, db: Path) -> None:
    server = await serve()
    async with anyio.create_task_group() as tasks:

        async def wait_for_news() -> None:
            with pytest.raises(Gone):
                await server("list_changes", wait=30)

        tasks.start_soon(wait_for_news)
        await server("list_boards")
        assert await server.leave() == 0
    take_gate(db, 0)
