"""Processes that do everything at once on one file; afterwards nothing is missing, doubled, or out of step."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest

from kanban_mcp.store.database import Database
from kanban_mcp.store.replay import stored, told
from tests.faults.servers import Refused, Serve, Server, Table, start_all
from tests.faults.workload import EXPECTED, Arguments, Workload

STREAMS = 2
"""Calls that each process has under way at any time."""


class Acknowledged:
    """What the servers answered."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.created: set[int] = set()
        self.noted: set[int] = set()
        self.claimed: Counter[tuple[int, int]] = Counter()

    def take(self, operation: str, arguments: Arguments, result: dict[str, Any]) -> None:
        """Remember an answer."""
        self.done[operation] += 1
        if operation == "create_task":
            self.created.add(result["id"])
        elif operation == "create_tasks":
            self.created |= {row[0] for row in result["rows"]}
        elif operation == "run_batch" and not arguments["dry_run"]:
            self.created.add(result["results"][0]["id"])
            self.noted.add(result["results"][1]["id"])
        elif operation == "add_note":
            self.noted.add(result["id"])
        elif operation == "claim_next" and "task" in result:
            self.claimed[result["task"]["id"], result["task"]["lease"]] += 1


async def work(server: Server, workload: Workload, calls: int, acknowledged: Acknowledged) -> None:
    """Random calls, one after the other."""
    for _ in range(calls):
        operation, arguments = workload.call()
        try:
            result = await server(operation, **arguments)
        except Refused as refused:
            assert refused.error["code"] in EXPECTED, (operation, arguments, refused.error)
            continue
        workload.learn(operation, result)
        acknowledged.take(operation, arguments, result)


def claims_in(table: Table) -> Counter[tuple[int, int]]:
    """Every claim the log tells of, by task and lease."""
    sql = "select task_id, json_extract(after, '$.lease') as lease from changes where action = 'claimed'"
    return Counter((row["task_id"], row["lease"]) for row in table(sql))


@pytest.mark.parametrize(("processes", "calls"), [(4, 200), pytest.param(8, 5000, marks=pytest.mark.long)])
async def test_processes_that_do_everything_at_once_leave_all_in_order(
    serve: Serve, db: Path, table: Table, check_sound: Callable[[], None], processes: int, calls: int
) -> None:
    servers = await start_all(serve, [f"agent {number}" for number in range(processes)], "--toolsets", "all")
    await servers[0]("create_board", name="Plan")
    acknowledged, workload = Acknowledged(), Workload(Random(processes))
    async with anyio.create_task_group() as tasks:
        for server in servers * STREAMS:
            tasks.start_soon(work, server, workload, calls // STREAMS, acknowledged)
    for server in servers:
        assert await server.leave() == 0

    assert len(acknowledged.done) >= 20
    assert set(acknowledged.claimed.values()) == {1}
    assert acknowledged.claimed == claims_in(table)
    made = "select distinct entity_id as id from changes where action = 'created' and entity = "
    assert acknowledged.created == {row["id"] for row in table(made + "'task'")}
    database = Database(db)
    try:
        with database.reading():
            assert told(database) == stored(database)
    finally:
        database.close()
    check_sound()
