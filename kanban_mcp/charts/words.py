"""Figures in words: durations, days, percentages."""

from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def duration(hours: float | None) -> str:
    """Hours as people say them: 45 s, 12 min, 3.2 h, 4.5 d; a dash for none."""
    if hours is None:
        return "–"
    for unit, size in (("d", 24.0), ("h", 1.0), ("min", 1 / 60)):
        if hours >= size * 0.9995:
            return f"{_short(hours / size)} {unit}"
    return f"{_short(hours * 3600)} s"


def day(moment: str, *, year: bool = False) -> str:
    """The day of a stored moment: 4 Jan, or 4 Jan 2026."""
    given = date.fromisoformat(moment[:10])
    said = f"{given.day} {_MONTHS[given.month - 1]}"
    return f"{said} {given.year}" if year else said


def moment(text: str) -> str:
    """A stored moment to the minute, UTC."""
    return f"{day(text, year=True)}, {text[11:16]} UTC"


def mean(value: float) -> str:
    """An average: whole from 10 on."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def counted(number: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2g}"
