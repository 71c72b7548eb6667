"""Entity tags: what tells one state of a resource from another.

A tag is the version of what is shown, where it has one, and a digest of the answer: `"7-5c1e9a02b3d4f687"`. An answer
is kept until the change log tells of a change in what it shows, so that a tag is compared without running anything;
and being made from the content alone, it is the same from every process on the file.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_TAG = re.compile(r'(W/)?"([^"]*)"')
_OURS = re.compile(r"(?:(\d{1,18})-)?([0-9a-f]{16})(?:\.\w+)?", re.ASCII)


def etag(text: bytes, value: Mapping[str, Any]) -> str:
    """The tag of an answer, with its quotation marks."""
    digest = hashlib.blake2b(text, digest_size=8).hexdigest()
    version = value.get("version")
    return f'"{version}-{digest}"' if isinstance(version, int) else f'"{digest}"'


def matched(condition: str, tag: str) -> str | None:
    """What If-None-Match calls a tag, if it names it: with how the answer was compressed when it was given."""
    if condition == tag or condition.strip() == "*":
        return tag
    wanted = _digest(tag.strip('"'))
    return next((f'"{content}"' for _, content in _TAG.findall(condition) if _digest(content) == wanted), None)


def versions(condition: str) -> set[int] | None:
    """The versions If-Match allows; None for any, none where it cannot be read.

    A bare version in quotation marks counts too. Weak tags match nothing here, as RFC 9110 has it.
    """
    if condition.strip() == "*":
        return None
    strong = [content for weak, content in _TAG.findall(condition) if not weak]
    return {version for content in strong if (version := _version(content)) is not None}


def _digest(content: str) -> str:
    match = _OURS.fullmatch(content)
    return match[2] if match else content


def _version(content: str) -> int | None:
    if content.isdecimal() and len(content) <= 18:
        return int(content)
    match = _OURS.fullmatch(content)
    return int(match[1]) if match and match[1] else None
