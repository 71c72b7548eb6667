"""The figures of flow, from histories of tasks."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from kanban_mcp.models.flow import PERCENTILES, Band, FinishedTask, FlowDay, Group, Spread, Stay
from kanban_mcp.services.task_history import History
from kanban_mcp.store.clock import seconds

HOUR = 3600.0


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest of some sorted values that so many percent of them do not exceed (the nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(hours: Iterable[float]) -> Spread | None:
    """Percentiles of durations, None of none."""
    ordered = sorted(hours)
    if not ordered:
        return None
    p50, p85, p95 = (rounded(percentile(ordered, percent)) for percent in PERCENTILES)
    return Spread(tasks=len(ordered), p50=p50, p85=p85, p95=p95)


def rounded(hours: float) -> float:
    """To three digits that count, and no finer than a second."""
    return round(float(f"{hours:.3g}"), 4)


def hours_between(start: str, end: str) -> float:
    """From one stored moment to another; never below 0, whatever the machine's clock did."""
    return max(0.0, seconds(end) - seconds(start)) / HOUR


def finished_task(history: History, completed: str, told_since: str, tags: tuple[str, ...]) -> FinishedTask:
    """What a done task took."""
    told, end = history.created >= told_since, seconds(completed)
    return FinishedTask(
        history.id,
        completed,
        history.actor,
        max(0.0, end - seconds(history.created)) / HOUR,
        None if history.started is None else max(0.0, end - seconds(history.started)) / HOUR,
        _blocked(history, end) if told else None,
        _stays(history, end) if told else None,
        tags,
    )


def _blocked(history: History, end: float) -> float:
    """Hours it waited until it was done."""
    waited = 0.0
    for start, until in history.blocks:
        waited += max(0.0, min(seconds(until), end) - seconds(start))
    return waited / HOUR


def _stays(history: History, end: float) -> dict[str, float]:
    """Hours in each column until it was done."""
    stays: dict[str, float] = {}
    last, start = None, 0.0
    for at, status in history.moves:
        moment = seconds(at)
        if last is not None:
            stays[last] = stays.get(last, 0.0) + (min(moment, end) - start) / HOUR
        if moment >= end:
            break
        last, start = status, moment
    return stays


def stays(finished: Sequence[FinishedTask], bands: Sequence[Band]) -> tuple[Stay, ...]:
    """What the finished tasks spent in each column that does not mean done."""
    told = [task.stays for task in finished if task.stays is not None]
    of: dict[str, list[float]] = {band.status: [] for band in bands if band.category != "done"}
    for spent in told:
        for status, hours in spent.items():
            if status in of:
                of[status].append(hours)
    total = sum(map(sum, of.values()))
    return tuple(
        Stay(status, len(hours), found.p50, found.p85, round(100 * sum(hours) / total, 1) if total else 0)
        for status, hours in of.items()
        if (found := spread(hours)) is not None
    )


def groups(finished: Iterable[tuple[str, FinishedTask]], in_work: Iterable[str]) -> tuple[Group, ...]:
    """Finished tasks by a name, those with most first, and how many tasks each has in work."""
    cycles: dict[str, list[float]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for name, task in finished:
        counts[name] += 1
        if task.cycle is not None:
            cycles[name].append(task.cycle)
    working = Counter(in_work)
    named = sorted({*counts, *working}, key=lambda name: (-counts[name], -working[name], name))
    return tuple(_group(name, counts[name], spread(cycles[name]), working[name]) for name in named)


def _group(name: str, finished: int, cycle: Spread | None, wip: int) -> Group:
    p50, p85 = (cycle.p50, cycle.p85) if cycle else (None, None)
    return Group(name, finished, p50, p85, wip)


class Days:
    """Days of a period, and the column each task was in at the end of each; `settled` ones stayed where they were."""

    def __init__(self, since: str, until: str, settled: Mapping[str, int]) -> None:
        self.days = _days(since[:10], until[:10])
        self._changes: dict[tuple[str, str], int] = defaultdict(int)
        for status, count in settled.items():
            self._changes[status, self.days[0]] = count

    def moved(self, moves: Sequence[tuple[str, str | None]]) -> None:
        """Count a task where it was."""
        changes, first, last = self._changes, self.days[0], None
        for at, status in moves:
            day = at[:10] if at[:10] > first else first
            if last is not None:
                changes[last, day] -= 1
            if status is not None:
                changes[status, day] += 1
            last = status

    def seen(self, bands: Sequence[Band]) -> tuple[Band, ...]:
        """The columns there are, and those removed that held tasks at the end of some day."""
        return tuple(
            band for band, *counts in zip(bands, *self.counted(bands), strict=True) if not band.removed or any(counts)
        )

    def counted(self, bands: Sequence[Band]) -> list[tuple[int, ...]]:
        """For each day the counts of the columns."""
        series = []
        for band in bands:
            count, counts = 0, []
            for day in self.days:
                count += self._changes.get((band.status, day), 0)
                counts.append(count)
            series.append(counts)
        return list(zip(*series, strict=True))


def flow_days(days: Days, bands: Sequence[Band], arrived: Counter[str], finished: Counter[str]) -> tuple[FlowDay, ...]:
    """Each day in figures."""
    active = [number for number, band in enumerate(bands) if band.category == "active"]
    return tuple(
        FlowDay(day, arrived[day], finished[day], sum(counts[number] for number in active), counts)
        for day, counts in zip(days.days, days.counted(bands), strict=True)
    )


def _days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=number)).isoformat() for number in range((end - start).days + 1)]
