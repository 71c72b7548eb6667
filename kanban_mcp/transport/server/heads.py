"""Heads of requests that came before: the same bytes mean the same, and need no parser."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.types import Scope

_END = b"\r\n\r\n"
_ASKED = ("method", "path", "raw_path", "query_string", "headers", "fields")
"""What of a scope depends on nothing but the head of its request."""
MOST = 1000
"""Heads that are remembered: a client sends the same ones all day. After more, all are learnt anew."""
LONGEST = 2000


class _Head(NamedTuple):
    """What a head was parsed to: how long the body is that follows, and what it puts into the scope."""

    length: int
    asked: Mapping[str, Any]


class Heads:
    """Those of requests that stood alone, with their bodies."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Head] = {}

    def find(self, data: bytes) -> tuple[Mapping[str, Any], bytes] | None:
        """What the head of this one whole request puts into its scope, and the body."""
        head, end, body = data.partition(_END)
        known = self._known.get(head) if end else None
        return None if known is None or known.length != len(body) else (known.asked, body)

    def keep(self, data: bytes, body: bytes, scope: Scope) -> None:
        """What the parser made of it, if nothing but this body came with it."""
        head, end, rest = data.partition(_END)
        if end and rest == body and len(head) <= LONGEST:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[head] = _Head(len(body), {name: scope[name] for name in _ASKED if name in scope})
