"""Flow figures against a witness: someone who looks at the board each hour and writes down what is there."""

import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.flow import Flow
from tests.conftest import Call, SettableClock

HOURS = 24 * 12
COLUMNS = ("backlog", "todo", "in_progress", "review", "done")


class Witness:
    """Does something each hour, by chance, and notes for each hour where tasks are and which of them wait."""

    def __init__(self, app: App, call: Call, seed: int) -> None:
        self._app = app
        self._call = call
        self._chance = random.Random(seed)
        self._done: set[int] = set()
        self.waited: dict[int, int] = defaultdict(int)
        self.stayed: dict[int, Counter[str]] = defaultdict(Counter)
        self.ends: dict[str, Counter[str]] = {}

    async def act(self) -> None:
        """One of what may happen on a board; what the board refuses does not happen."""
        does: list[Callable[[], Awaitable[Any]]] = [
            lambda: self._call("create_task", title="task", board=1, status=self._chance.choice(COLUMNS)),
            lambda: self._call("create_task", title="waits", board=1, depends_on=[self._some()]),
            lambda: self._call("create_task", title="part", board=1, parent_id=self._some()),
            lambda: self._call("move_task", task_id=self._some(), status=self._chance.choice(COLUMNS)),
            lambda: self._call("move_task", task_id=self._some(), status=self._chance.choice(COLUMNS)),
            lambda: self._call("claim_next", board=1),
            lambda: self._call("complete_task", task_id=self._some()),
            lambda: self._call("complete_task", task_id=self._some()),
            lambda: self._call("release_task", task_id=self._some()),
            lambda: self._call("archive_task", task_id=self._some()),
            lambda: self._call("archive_task", task_id=self._some(), archived=False),
            lambda: self._call("link_tasks", task_id=self._some(), depends_on=self._some()),
            lambda: self._call("unlink_tasks", task_id=self._some(), depends_on=self._some()),
            lambda: self._call("delete_task", task_id=self._some(), confirm=True),
            lambda: self._call("undo", seq=max(1, self._last() - self._chance.randrange(4))),
        ]
        with suppress(KanbanError):
            await self._chance.choice(does)()
        for row in self._rows("select id, completed_at from tasks"):
            (self._done.add if row["completed_at"] else self._done.discard)(row["id"])

    def look(self, day: str) -> None:
        """Note what is there at the end of an hour."""
        present = self._rows("select id, status, completed_at, archived_at, blocked_by from tasks")
        where = Counter(row["status"] for row in present if row["archived_at"] is None or row["completed_at"])
        ids = {row["id"] for row in present}
        where["done"] += len(self._done - ids)
        self.ends[day] = where
        for row in present:
            if row["archived_at"] is None and not row["completed_at"]:
                self.waited[row["id"]] += row["blocked_by"] > 0
                self.stayed[row["id"]][row["status"]] += 1

    def _some(self) -> int:
        return self._chance.randint(1, max(3, self._rows("select max(id) as last from tasks")[0]["last"] or 0))

    def _last(self) -> int:
        return int(self._rows("select max(seq) as last from changes")[0]["last"])

    def _rows(self, sql: str) -> list[Any]:
        with self._app.database.reading():
            return self._app.database.all("witness", sql)


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_what_a_witness_saw(app: App, call: Call, clock: SettableClock, seed: int) -> None:
    # Things happen a minute after the hour, the witness looks at its end: what lasts is seen whole hours long.
    await call("create_board", name="Alpha")
    witness = Witness(app, call, seed)
    for _ in range(HOURS):
        for _ in range(3):
            await witness.act()
        clock.advance(minutes=59)
        witness.look(clock().date().isoformat())
        clock.advance(minutes=1)
    with app.database.reading():
        flow = app.services.measuring.measured(1)
        late = app.services.measuring.measured(1, since=flow.days[-4].day)
    check_days(flow, witness)
    # Of a part of the time less is read, and the same told.
    assert late.days[1:] == flow.days[-3:]
    assert late.days[0].counts == flow.days[-4].counts
    of_late = [task for task in flow.finished if task.completed_at >= late.since]
    assert sorted(late.finished) == sorted(of_late)
    assert flow.finished
    for task in flow.finished:
        assert task.blocked == pytest.approx(witness.waited[task.task_id], abs=0.01), task
        stays = {status: hours for status, hours in (task.stays or {}).items() if status != "done" and hours > 0.5}
        seen = {status: hours for status, hours in witness.stayed[task.task_id].items() if hours}
        assert stays == pytest.approx(seen, abs=0.01), task


def check_days(flow: Flow, witness: Witness) -> None:
    """Each day's counts are those last seen on it."""
    for day in flow.days:
        if day.day in witness.ends:
            told = {band.status: count for band, count in zip(flow.bands, day.counts, strict=True) if count}
            assert told == {status: count for status, count in witness.ends[day.day].items() if count}, day.day
