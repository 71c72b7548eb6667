"""From figures to pixels, and the round figures that axes name."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from kanban_mcp.charts import words

TICKS = 5


class Scale(NamedTuple):
    """An axis: where a value lies, and the values it names, with what it calls them."""

    at: Callable[[float], float]
    ticks: list[tuple[float, str]]


def counts(most: float, start: float, end: float) -> Scale:
    """From 0 to a number of things."""
    step = max(1.0, _round_step(most / TICKS))
    top = max(step, math.ceil(most / step) * step)
    ticks = [(value, f"{value:,.0f}") for value in _range(step, top)]
    return Scale(_linear(0, top, start, end), ticks)


def hours(most: float, start: float, end: float) -> Scale:
    """From 0 to a duration, in the unit that fits it."""
    size = next((size for size in (24.0, 1.0, 1 / 60) if most >= size), 1 / 3600)
    step = _round_step(most / size / TICKS) * size or size
    top = max(step, math.ceil(most / step - 1e-9) * step)
    ticks = [(value, words.duration(value) if value else "0") for value in _range(step, top)]
    return Scale(_linear(0, top, start, end), ticks)


def hours_by_size(least: float, most: float, start: float, end: float) -> Scale:
    """Durations of very different sizes, on a logarithmic axis."""
    known = (1 / 360, 1 / 60, 1 / 6, 1.0, 6.0, 24.0, 24 * 4, 24 * 14, 24 * 60, 24 * 365)
    low = max((value for value in known if value <= least), default=known[0])
    high = min((value for value in known if value >= most), default=most)
    line = _linear(math.log(low), math.log(high), start, end)
    ticks = [(value, words.duration(value)) for value in known if low <= value <= high]
    return Scale(lambda value: line(math.log(max(value, low))), ticks)


def time(since: str, until: str, start: float, end: float) -> Scale:
    """From one stored moment to another, naming whole days; hours where there are few days."""
    first, last = instant(since), instant(until)
    span = max(1.0, last - first)
    days = span / 86_400
    if days < 3:
        step = next(step for step in (300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200) if span / step <= 8)
        names = [(at, datetime.fromtimestamp(at, UTC).strftime("%H:%M")) for at in _every(first, last, step)]
    else:
        step = next((step for step in (1, 2, 7, 14, 28, 91, 182, 364) if days / step <= 8), 728) * 86_400
        year = days > 300
        names = [(at, words.day(_date(at), year=year)) for at in _every(first, last, step)]
    return Scale(_linear(first, first + span, start, end), names)


def instant(moment: str) -> float:
    """A stored moment, or a day, as seconds since 1970."""
    return datetime.fromisoformat(moment if "T" in moment else f"{moment}T00:00:00Z").timestamp()


def stamp(at: float) -> str:
    """Seconds since 1970 as a moment."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def day_after(day: str) -> str:
    """The end of a day: the beginning of the next."""
    return f"{(datetime.fromisoformat(day) + timedelta(days=1)).date()}T00:00:00.000000Z"


def _linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _round_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if step <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(step))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step - 1e-12))


def _range(step: float, top: float) -> list[float]:
    return [number * step for number in range(round(top / step) + 1)]


def _every(first: float, last: float, step: float) -> list[float]:
    begin = math.ceil(first / step) * step if step < 86_400 else math.ceil(first / 86_400) * 86_400
    return [begin + number * step for number in range(int((last - begin) // step) + 1)] if begin <= last else []


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
