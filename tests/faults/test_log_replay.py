"""The change log is complete: what it tells, applied entry by entry, is what the tables hold."""

from collections.abc import Callable
from random import Random

import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from kanban_mcp.store.replay import stored, told
from tests.conftest import SettableClock
from tests.faults.workload import EXPECTED, Workload

ACTORS = ("ann", "bob", "cid")


async def work(app: App, clock: SettableClock, workload: Workload, calls: int) -> dict[str, int]:
    """Random calls of three actors, a minute apart; how many of each operation went through."""
    done: dict[str, int] = {}
    for _ in range(calls):
        operation, arguments = workload.call()
        clock.advance(minutes=1)
        try:
            result = await app.runner.call(operation, arguments, actor=workload.chance.choice(ACTORS))
        except KanbanError as error:
            assert error.code in EXPECTED, (operation, arguments)
            continue
        workload.learn(operation, result)
        workload.seq = max(workload.seq, await last_seq(app))
        done[operation] = done.get(operation, 0) + 1
    return done


async def last_seq(app: App) -> int:
    with app.database.reading():
        return int(app.database.value("test.last", "select max(seq) from changes"))


@pytest.mark.parametrize(
    ("seed", "calls"),
    [(1, 800), (2, 800), (3, 800), *(pytest.param(n, 3000, marks=pytest.mark.long) for n in range(4, 24))],
)
async def test_the_log_tells_all_that_is_stored(
    app: App, clock: SettableClock, check_sound: Callable[[], None], seed: int, calls: int
) -> None:
    await app.runner.call("create_board", {"name": "Plan"}, actor="ann")
    done = await work(app, clock, Workload(Random(seed)), calls)
    assert len(done) >= 20, f"the workload is one-sided: {done}"
    with app.database.reading():
        tables, log = stored(app.database), told(app.database)
    assert log.tasks == tables.tasks
    assert log == tables
    check_sound()
