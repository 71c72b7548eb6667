"""An answer from the cache is the one that the tables would give, whoever wrote last."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import KanbanError
from kanban_mcp.settings import Settings
from tests.conftest import SettableClock
from tests.faults.workload import Arguments, Workload


@pytest.fixture
def apps(db: Path, clock: SettableClock) -> Iterator[dict[str, App]]:
    """Two apps with a cache each, and one without."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(open_app(Settings(db=db, toolsets=("all",), cache_entries=entries), clock=clock))
            for name, entries in {"ann": 1000, "bob": 1000, "plain": 0}.items()
        }


async def answer(app: App, operation: str, arguments: Arguments, actor: str = "ann") -> dict[str, Any]:
    try:
        return await app.runner.call(operation, arguments, actor=actor)
    except KanbanError as error:
        return {"refused": error.as_dict()}


def look(workload: Workload) -> tuple[str, Arguments]:
    """A read that may be answered from a cache; of few different ones, so that it often is."""
    if workload.chance.random() < 0.7:
        return "get_task", {"task_id": workload.chance.randint(max(1, workload.tasks - 12), workload.tasks)}
    lists: list[Arguments] = [{"limit": 100}, {"tag": "red"}, {"status": "done"}, {"archived": True}]
    return workload.chance.choice([("get_board", {}), *(("list_tasks", arguments) for arguments in lists)])


@pytest.mark.parametrize(
    ("seed", "calls"),
    [(1, 400), (2, 400), (3, 400), *(pytest.param(n, 2000, marks=pytest.mark.long) for n in range(4, 24))],
)
async def test_answers_from_the_cache_are_those_of_the_tables(
    apps: dict[str, App], clock: SettableClock, seed: int, calls: int
) -> None:
    workload = Workload(Random(seed))
    await answer(apps["ann"], "create_board", {"name": "Plan"})
    for _ in range(calls):
        clock.advance(seconds=10)
        actor = workload.chance.choice(("ann", "bob"))
        operation, arguments = workload.call()
        result = await answer(apps[actor], operation, arguments, actor)
        if "refused" not in result:
            workload.learn(operation, result)
        for _ in range(workload.chance.choice((0, 0, 3))):
            read, about = look(workload)
            reader = workload.chance.choice(("ann", "bob"))
            assert await answer(apps[reader], read, about) == await answer(apps["plain"], read, about), (read, about)
    assert max(counts.hits for counts in apps["ann"].cache.counts().values()) > calls / 40


async def test_a_task_of_a_deleted_board_is_gone_from_every_cache(apps: dict[str, App]) -> None:
    await answer(apps["ann"], "create_board", {"name": "Plan"})
    await answer(apps["ann"], "create_task", {"title": "x"})
    for app in apps.values():
        assert (await answer(app, "get_task", {"task_id": 1}))["title"] == "x"
    await answer(apps["ann"], "delete_board", {"board": "Plan", "confirm": True})
    for app in apps.values():
        assert (await answer(app, "get_task", {"task_id": 1}))["refused"]["code"] == "not_found"
