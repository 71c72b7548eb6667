"""How work flows over a board: the figures as they are drawn, and as operations answer them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from kanban_mcp.models.fields import Category
from kanban_mcp.models.page import Page
from kanban_mcp.models.record import Record

PERCENTILES = (50, 85, 95)


class Spread(Record):
    """Percentiles of durations in hours: half of the tasks took `p50` or less. Each is the value of some task."""

    tasks: int
    p50: float
    p85: float
    p95: float

    @property
    def percentiles(self) -> list[tuple[int, float]]:
        """Pairs of percent and hours."""
        return [(50, self.p50), (85, self.p85), (95, self.p95)]


class Band(NamedTuple):
    """A column that the period saw, with what it means today; removed ones come after those that are."""

    status: str
    name: str
    category: Category
    removed: bool = False


class FlowDay(NamedTuple):
    """A day, UTC: what was made and finished on it, and how many tasks were where at its end, a count for each band."""

    day: str
    arrived: int
    finished: int
    wip: int
    counts: tuple[int, ...]


class FinishedTask(NamedTuple):
    """A task done in the period, in hours; `cycle` is None where it never was in an active column.

    `stays` are hours in each column. `stays` and `blocked` are None where the log does not reach back to its creation.
    """

    task_id: int
    completed_at: str
    actor: str
    lead: float
    cycle: float | None
    blocked: float | None
    stays: dict[str, float] | None
    tags: tuple[str, ...]


class AgeingTask(NamedTuple):
    """A task in an active column now; `over` is the highest of the percentiles of cycle time that its age exceeds."""

    task_id: int
    title: str
    status: str
    actor: str
    age: float
    over: int
    tags: tuple[str, ...]


class Stay(NamedTuple):
    """What finished tasks spent in a column, in hours; `share` is its part of all their time, in percent."""

    status: str
    tasks: int
    p50: float
    p85: float
    share: float


class Group(NamedTuple):
    """The finished tasks of one actor or tag, and its tasks in work; percentiles of cycle time in hours."""

    name: str
    finished: int
    p50: float | None
    p85: float | None
    wip: int


@dataclass(frozen=True, slots=True)
class Flow:
    """All figures of a board over a period. Moments are as stored; `told_since` is where its log begins."""

    board_id: int
    board: str
    since: str
    until: str
    told_since: str
    trimmed: bool
    arrived: int
    bands: tuple[Band, ...]
    days: tuple[FlowDay, ...]
    finished: tuple[FinishedTask, ...]
    ageing: tuple[AgeingTask, ...]
    cycle: Spread | None
    lead: Spread | None
    blocked: Spread | None
    blocked_share: float
    stays: tuple[Stay, ...]
    actors: tuple[Group, ...]
    tags: tuple[Group, ...]

    @property
    def weeks(self) -> tuple[tuple[str, int, int], ...]:
        """By Monday: the day it was, how many arrived, how many were finished."""
        return weekly(self.days)


def weekly(days: tuple[FlowDay, ...]) -> tuple[tuple[str, int, int], ...]:
    """Days summed to calendar weeks, each named by its Monday; the first and the last may be cut by the period."""
    sums: dict[str, tuple[int, int]] = {}
    for day in days:
        monday = _monday(day.day)
        arrived, finished = sums.get(monday, (0, 0))
        sums[monday] = (arrived + day.arrived, finished + day.finished)
    return tuple((monday, *counts) for monday, counts in sums.items())


def _monday(day: str) -> str:
    given = date.fromisoformat(day)
    return (given - timedelta(days=given.weekday())).isoformat()


class FlowMetrics(Record):
    """What `get_flow_metrics` answers. Hours; days are UTC; `log_since` is where the log begins, `trimmed` if cut."""

    board_id: int
    since: str
    until: str
    log_since: str
    trimmed: bool = False
    arrived: int
    finished: int
    wip: int
    cycle_hours: Spread | None = None
    lead_hours: Spread | None = None
    blocked_hours: Spread | None = None
    blocked_share: float = 0
    columns: Page
    days: Page
    step_days: int = 1
    weeks: Page
    ageing: Page | None = None
    actors: Page | None = None
    tags: Page | None = None


class Rested(Record):
    """The history a forecast rests on: whole steps before now, and what arrived and was finished in them."""

    since: str
    steps: int
    step: Literal["day", "hour"]
    arrived: int
    finished: int


class When(Record):
    """When so many tasks are done: by `p85` in 85 of 100 trials. None is later than the trials look."""

    tasks: int
    p50: str | None
    p85: str | None
    p95: str | None


class HowMany(Record):
    """How many are done by a moment: at least `p85` in 85 of 100 trials."""

    by: str
    p50: int
    p85: int
    p95: int


class Forecast(Record):
    """What `forecast` answers; `why` says what speaks against relying on it, or why there is none."""

    board_id: int
    history: Rested
    trials: int = 0
    when: When | None = None
    how_many: HowMany | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast, and the trials behind its `when`: how many ended at which moment, in order."""

    forecast: Forecast
    trials: tuple[tuple[str, int], ...]
