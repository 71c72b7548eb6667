"""When work may be done."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from kanban_mcp.errors import Invalid
from kanban_mcp.models.fields import A_NUMBER, BoardRef, Moment, TagName
from kanban_mcp.models.flow import Forecast, HowMany, Outlook, Rested, When
from kanban_mcp.services import trials
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.figures import hours_between, percentile
from kanban_mcp.services.measuring import PERIOD, Measuring
from kanban_mcp.services.task_history import History
from kanban_mcp.store.clock import later
from kanban_mcp.store.store import Store

DAY, HOUR = 24, 1
FEWEST_DAYS = 7
"""With fewer whole days of history, hours are drawn instead."""
FEWEST_FINISHED = 10
"""With fewer finished tasks, chance speaks louder than the team."""

Number = Annotated[int, Field(ge=1, le=100_000), A_NUMBER]


class _Basis(NamedTuple):
    """What trials draw from: how many tasks were finished in each step before now, and the steps' length in hours."""

    history: list[int]
    rested: Rested
    hours: int


class Forecasting:
    """The operation of looking ahead: Monte Carlo over the throughput there was."""

    def __init__(self, store: Store, boards: Boards, measuring: Measuring) -> None:
        self._store = store
        self._boards = boards
        self._measuring = measuring

    def forecast(
        self,
        board: BoardRef | None = None,
        tasks: Number | None = None,
        by: Moment | None = None,
        tag: TagName | None = None,
        since: Moment | None = None,
    ) -> Forecast:
        """Forecast when `tasks` tasks (default: all open ones) are done, and how many are done `by` a date.

        Draws thousands of futures from the throughput since `since` (default 30 days ago). p85 holds in 85 of 100;
        `why` says what speaks against relying on it. Work that still arrives is not counted.
        """
        return self.outlook(board, tasks, by, tag, since).forecast

    def outlook(
        self,
        board: int | str | None = None,
        tasks: int | None = None,
        by: str | None = None,
        tag: str | None = None,
        since: str | None = None,
    ) -> Outlook:
        """`forecast`, with the trials behind it."""
        found, now = self._boards.resolve(board), self._store.now
        if by and by <= now:
            raise Invalid(f"by {by} is not ahead.", hint="Give a date to come.")
        since = since or later(now, -PERIOD)
        told = self._measuring.past(found, since, tag)
        histories = told.histories
        basis = self._basis(histories, max(since, told.first), by)
        wanted = tasks or sum(task.open for task in histories)
        if not sum(basis.history) or not (wanted or by):
            why = "Nothing is open." if sum(basis.history) else _why_none(basis.rested)
            return Outlook(Forecast(board_id=found.id, history=basis.rested, why=why), ())
        steps = trials.steps_until(basis.history, wanted) if wanted else []
        made = Forecast(
            board_id=found.id,
            history=basis.rested,
            trials=len(steps) or trials.trials_for(1),
            when=self._when(wanted, steps, basis.hours) if wanted else None,
            how_many=self._how_many(by, basis) if by else None,
            why=_why_weak(basis.rested, steps),
        )
        ends = Counter(step for step in steps if step <= trials.HORIZON)
        return Outlook(made, tuple((self._ahead(step, basis.hours), count) for step, count in sorted(ends.items())))

    def _basis(self, histories: Sequence[History], start: str, by: str | None) -> _Basis:
        """The steps from a start to now, whole ones only."""
        now = self._store.now
        days = int(hours_between(start, now) / DAY)
        hours = DAY if days >= FEWEST_DAYS and (by is None or hours_between(now, by) >= DAY) else HOUR
        counts = [0] * int(hours_between(start, now) / hours)
        since = later(now, -len(counts) * hours * 3600)
        for task in histories:
            if task.completed and task.completed > since:
                counts[int(hours_between(task.completed, now) / hours)] += 1
        rested = Rested(
            since=since,
            steps=len(counts),
            step="day" if hours == DAY else "hour",
            arrived=sum(task.created > since for task in histories),
            finished=sum(counts),
        )
        return _Basis(counts, rested, hours)

    def _when(self, tasks: int, steps: list[int], hours: int) -> When:
        p50, p85, p95 = (
            None if step > trials.HORIZON else self._ahead(step, hours)
            for step in (int(percentile(steps, percent)) for percent in (50, 85, 95))
        )
        return When(tasks=tasks, p50=p50, p85=p85, p95=p95)

    def _how_many(self, by: str, basis: _Basis) -> HowMany:
        steps = int(hours_between(self._store.now, by) / basis.hours)
        counts = trials.finished_in(basis.history, min(steps, trials.HORIZON))
        p50, p85, p95 = (int(percentile(counts, percent)) for percent in (50, 85, 95))
        return HowMany(by=by, p50=p50, p85=p85, p95=p95)

    def _ahead(self, steps: int, hours: int) -> str:
        return later(self._store.now, steps * hours * 3600)


def _why_none(rested: Rested) -> str:
    return f"There is nothing to draw from: no task was finished in {_said(rested)} before now."


def _why_weak(rested: Rested, steps: Sequence[int]) -> str | None:
    why = []
    if rested.finished < FEWEST_FINISHED or rested.step == "hour":
        why.append(f"It rests on little: {rested.finished} finished in {_said(rested)}.")
    if steps and steps[-1] > trials.HORIZON:
        why.append(f"Trials end after {trials.HORIZON} {rested.step}s; what is left out is later.")
    return " ".join(why) or None


def _said(rested: Rested) -> str:
    return f"{rested.steps} whole {rested.step}{'' if rested.steps == 1 else 's'}"
