"""A process that stops while it holds the write gate: writers hear `busy`, readers read, and its end frees all."""

import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.abc import Process

from kanban_mcp.errors import Busy
from tests.faults.servers import PATIENCE, Refused, Serve, Server, command, spawn, take_gate

HOLDER = """
import os, sys
from pathlib import Path
from kanban_mcp.store.gate import Gate
with Gate(Path(sys.argv[1]), timeout=10).held():
    os.write(1, b"held")
    sys.stdin.read()
"""
"""Any process of ours that is amid a write, as far as others can tell."""
SOON = {"KANBAN_BUSY_TIMEOUT": "1"}


@pytest.fixture
async def server(serve: Serve) -> Server:
    """A server that waits a second for others, on a board with a task."""
    server = await serve("--actor", "ann", env=SOON)
    await server("create_board", name="Plan")
    await server("create_task", title="one")
    return server


@pytest.fixture
async def holder(server: Server, db: Path) -> AsyncIterator[Process]:
    """A process that holds the gate and has been stopped."""
    async with await spawn([sys.executable, "-c", HOLDER, f"{db}.lock"]) as process:
        assert process.stdout is not None
        with anyio.fail_after(PATIENCE):
            assert await process.stdout.receive() == b"held"
        process.send_signal(signal.SIGSTOP)
        yield process
        if process.returncode is None:
            process.kill()


async def refusal(server: Server, operation: str, **arguments: object) -> dict[str, object]:
    with pytest.raises(Refused) as refused:
        await server(operation, **arguments)
    return refused.value.error


async def test_a_write_is_refused_as_busy_after_the_time_that_was_set_and_reads_go_on(
    server: Server, holder: Process
) -> None:
    answered: list[object] = []

    async def write() -> None:
        answered.append(await refusal(server, "create_task", title="two"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        for operation in ("get_board", "list_tasks", "list_changes", "list_boards"):
            await server(operation)
            answered.append(operation)
    *reads, error = answered
    assert reads == ["get_board", "list_tasks", "list_changes", "list_boards"]
    assert error == {
        "code": "busy",
        "message": "Another process has been writing for 1 seconds.",
        "hint": "Try again; if it lasts, look for a kanban-mcp process that hangs.",
    }


@pytest.mark.parametrize("signal_", [signal.SIGCONT, signal.SIGKILL], ids=["goes on", "is killed"])
async def test_the_gate_is_free_at_once_when_its_holder(
    server: Server, holder: Process, db: Path, signal_: signal.Signals
) -> None:
    with pytest.raises(Busy):
        take_gate(db, 0)
    holder.send_signal(signal_)
    assert holder.stdin is not None
    await holder.stdin.aclose()
    with anyio.fail_after(PATIENCE):
        await holder.wait()
    take_gate(db, 0)
    assert (await server("create_task", title="two"))["id"] == 2


async def test_a_waiting_write_goes_through_when_the_gate_is_freed(serve: Serve, server: Server, db: Path) -> None:
    patient = await serve("--actor", "bob")
    async with await spawn([sys.executable, "-c", HOLDER, f"{db}.lock"]) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert await process.stdout.receive() == b"held"
        async with anyio.create_task_group() as tasks:

            async def write() -> None:
                assert (await patient("create_task", title="two"))["id"] == 2

            tasks.start_soon(write)
            assert len((await patient("list_tasks"))["rows"]) == 1
            await process.stdin.aclose()
    assert len((await server("list_tasks"))["rows"]) == 2


async def test_a_server_that_cannot_start_for_it_says_so_in_a_sentence(db: Path, holder: Process) -> None:
    process = await anyio.run_process(command(db), check=False, env={**SOON}, stdin=-3)
    assert process.returncode == 2
    assert process.stderr.decode().count("\n") == 1
    assert "Another process has been writing for 1 seconds." in process.stderr.decode()


async def test_a_server_ends_though_the_gate_is_held(server: Server, holder: Process) -> None:
    assert await server.leave() == 0
