"""What text may hold: each check answers the text, or raises ValueError saying what is wrong with it."""

import re

from kanban_mcp.visible import visible

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def printable(text: str) -> str:
    """Text without control characters but tabs and line breaks."""
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    return text


def one_line(text: str) -> str:
    """Printable text without line breaks."""
    if "\n" in text or "\r" in text:
        raise ValueError("must be one line")
    return printable(text)


def plain_name(text: str) -> str:
    """What callers find things by must be shown as it is stored."""
    if visible(one_line(text)) != text:
        raise ValueError("a name holds no characters that cannot be seen or that turn the direction of text")
    return text
