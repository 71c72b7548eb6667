"""Calls that came before, the same but for the id: they are not parsed again.

Agents look at the same boards and tasks all day, in the same words. The same bytes mean the same; whether a caller may
make the call, and what is answered, is asked each time.
"""

import re
from typing import NamedTuple

from pydantic_core import from_json

from kanban_mcp.operations import Call
from kanban_mcp.transport.wire.recognition import Asker, Request, request_in

KEPT_CALLS = 1000
"""After more, all are learnt anew."""
LONGEST_CALL = 2000
"""Bytes of a message that is remembered."""
_ID = re.compile(rb'"id": ?(0|[1-9][0-9]{0,14})(?=[,}])')


class PlainCall(NamedTuple):
    """A call of an operation, and who asks for it."""

    call: Call
    asker: Asker


class Repeats:
    """Plain calls by the messages that make them, which are cut at the id."""

    def __init__(self) -> None:
        self._calls: dict[tuple[bytes, bytes], PlainCall] = {}

    def find(self, message: bytes) -> tuple[int, PlainCall] | None:
        """The id of a message, and the call that it was found to make."""
        parts = _ID.split(message, 1) if self._calls else ()
        if len(parts) != 3:
            return None
        before, number, after = parts
        known = self._calls.get((before, after))
        return None if known is None else (int(number), known)

    def keep(self, message: bytes, request: Request, call: PlainCall) -> None:
        """Remember the call that a message makes, if its id is what alone may differ."""
        parts = _ID.split(message, 1)
        if len(parts) != 3 or len(message) > LONGEST_CALL:
            return
        before, _, after = parts
        # What looks like the id may stand in a text, or be the id of something else. Then another one says otherwise.
        other = 2 if request.id == 1 else 1
        if request_in(from_json(b'%b"id":%d%b' % (before, other, after))) == request._replace(id=other):
            if len(self._calls) >= KEPT_CALLS:
                self._calls.clear()
            self._calls[before, after] = call
