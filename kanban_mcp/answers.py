"""What an operation answers, as values and as text: made once, also when it is given many times."""

import json
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """A result as JSON values, and the same as compact JSON."""

    value: dict[str, Any]
    text: str


def compact(value: Any) -> str:
    """JSON without a byte to spare."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer(value: dict[str, Any]) -> Answer:
    """An answer from its values."""
    return Answer(value, compact(value))


def joined(first: Answer, second: Answer) -> Answer:
    """Two answers as one object; the first is not written out again."""
    if not second.value:
        return first
    return Answer({**first.value, **second.value}, f"{first.text[:-1]},{second.text[1:]}")


class CallSample(NamedTuple):
    """One call of an operation: how it came, how long it took from asking to answer, and the code of its error."""

    operation: str
    transport: str
    seconds: float
    error: str | None
