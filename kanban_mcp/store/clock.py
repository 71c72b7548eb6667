"""Time, as the store stamps it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as stored: UTC, microseconds, sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def later(text: str, seconds: float) -> str:
    """A stored moment, moved by some seconds."""
    return stamp(moment(text) + timedelta(seconds=seconds))


def moment(text: str) -> datetime:
    """A stored moment as a datetime."""
    return datetime.fromisoformat(text)


def seconds_between(start: str, end: str) -> float:
    """From one stored moment to another."""
    return (moment(end) - moment(start)).total_seconds()


def seconds(text: str) -> float:
    """A stored moment as seconds since 1970: where so many are compared that datetimes would take the time."""
    return (datetime.fromisoformat(text) - EPOCH).total_seconds()


class Stamps:
    """Stamps for writes: never earlier than the one before, even when the machine's clock steps back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def next(self) -> str:
        """Now, or a microsecond after the last stamp."""
        self._last = max(self._clock(), self._last + _TICK)
        return stamp(self._last)
