"""Text as it is shown: nothing in it that cannot be seen, or that makes it read otherwise than it is stored.

What agents write is read by other agents and shown to people. Characters that are not seen can carry instructions
past a reader, and those that turn the direction of writing make a text look like another. Where text leaves the
server, each run of them becomes one U+FFFD; what is stored stays as it was written. Characters that writing needs are
kept where it needs them: joiners inside of words and emoji, marks beside letters written from right to left, variation
selectors after what they vary, and the three flags that are spelled in tags.
"""

import re
from typing import Any

HIDDEN = "\ufffd"
"""What is shown for a run of hidden characters."""
NEAR = 10
"""So far from a letter written to the left, marks of direction belong to it."""

_HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, without tab and line breaks
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # seen as nothing, or not always
    "\u061c\u200b-\u200f"  # zero width, and marks of direction
    "\u2028-\u202e\u2060-\u206f"  # separators, embeddings, overrides, isolates, invisible operators
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb"  # variation selectors, byte order mark, annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # controls of shorthand and of music
    "\U000e0000-\U000e0fff"  # tags, which spell ASCII unseen, and more variation selectors
)
_RUN = re.compile(f"[{_HIDDEN}]+")
_JOINED = re.compile("[\ufe00-\ufe0f]?[\u200c\u200d]?")
_MARK = re.compile("[\u061c\u200e\u200f]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_VARIED = re.compile("[\U000e0100-\U000e01ef]")
_FLAG = "\U0001f3f4"
_REGIONS = {"".join(chr(0xE0000 + ord(letter)) for letter in f"{name}\x7f") for name in ("gbeng", "gbsct", "gbwls")}


def visible(text: str) -> str:
    """The text, with each run of characters that hide something replaced."""
    return text if _RUN.search(text) is None else _RUN.sub(_shown, text)


def _shown(run: re.Match[str]) -> str:
    start, end = run.span()
    return run[0] if _needed(run[0], run.string[max(0, start - NEAR) : start], run.string[end : end + NEAR]) else HIDDEN


def _needed(run: str, preceding: str, following: str) -> bool:
    """Whether writing needs these characters between those."""
    before = preceding[-1:]
    if _MARK.fullmatch(run):
        return _RIGHT_TO_LEFT.search(preceding + following) is not None
    if before == _FLAG and run in _REGIONS:
        return True
    if _VARIED.fullmatch(run):
        return _IDEOGRAPH.match(before) is not None
    if before.isascii():
        return run == "\ufe0f" and before in tuple("0123456789#*")
    return _JOINED.fullmatch(run) is not None


def all_visible(value: Any) -> Any:
    """JSON values with every text in them made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list | tuple):
        return [all_visible(part) for part in value]
    if isinstance(value, dict):
        return {key: all_visible(part) for key, part in value.items()}
    return value
