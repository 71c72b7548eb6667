"""What an operation answers, as values and as text: made once, also when it is given many times."""

from typing import Any, NamedTuple

from pydantic_core import to_json

from kanban_mcp.errors import KanbanError
from kanban_mcp.visible import all_visible, visible


class Answer(NamedTuple):
    """A result as JSON values, and the same as compact JSON."""

    value: dict[str, Any]
    text: str


def compact(value: Any) -> str:
    """JSON without a byte to spare."""
    return to_json(value).decode()


def answer(value: dict[str, Any]) -> Answer:
    """An answer from its values, with nothing hidden in it: whatever leaves the server passes here."""
    text = compact(value)
    # As JSON, text has control characters only as escapes, and the rest as it is: most answers are told at a look.
    if "\\u00" not in text and (text.isascii() or visible(text) == text):
        return Answer(value, text)
    shown = all_visible(value)
    return Answer(shown, compact(shown))


def problem(error: KanbanError) -> Answer:
    """What went wrong, as an answer."""
    return answer(error.as_dict())


def joined(first: Answer, second: Answer) -> Answer:
    """Two answers as one object; the first is not written out again."""
    if not second.value:
        return first
    return Answer({**first.value, **second.value}, f"{first.text[:-1]},{second.text[1:]}")
