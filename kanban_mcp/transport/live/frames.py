"""What the server says over a WebSocket: each message as JSON text."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kanban_mcp import __version__
from kanban_mcp.answers import answer, compact, problem
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.change import Change

_TEXT = 0x81
"""The first byte of a text that fits into one frame."""


class Message(NamedTuple):
    """A change, written once for all rooms and sockets that it goes to; `at` is when it was made."""

    seq: int
    text: str
    at: str


class Frame(NamedTuple):
    """What one frame carries, and the whole frame as bytes where many sockets get the same."""

    text: str
    wire: bytes | None = None


def message(change: Change) -> Message:
    """A change as it is told, without what is null, and with nothing hidden in it."""
    return Message(change.seq, answer(change.told().lean()).text, change.at)


def listed(columns: Sequence[str], row: Sequence[Any]) -> Message:
    """The same from a row of `list_changes`."""
    fields = {name: value for name, value in zip(columns, row, strict=True) if value is not None}
    return Message(fields["seq"], compact(fields), fields["at"])


def batch(room: str, messages: Sequence[Message]) -> Frame:
    """Changes of a room, in order."""
    texts = ",".join(each.text for each in messages)
    return Frame(f'{{"type":"batch","room":"{room}","messages":[{texts}],"timestamp":"{_now()}"}}')


def framed(frame: Frame) -> Frame:
    """The same with its bytes, as RFC 6455 has them for a server: one unmasked frame of text."""
    content = frame.text.encode()
    size = len(content)
    if size < 126:
        head = bytes([_TEXT, size])
    elif size < 65_536:
        head = struct.pack("!BBH", _TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", _TEXT, 127, size)
    return frame._replace(wire=head + content)


def trimmed(room: str, seq: int) -> Frame:
    """Says that the log does not reach back to the `since` asked for: read anew; live from after `seq`."""
    said = {"type": "batch", "room": room, "messages": [], "timestamp": _now(), "trimmed": True, "seq": seq}
    return Frame(compact(said))


def welcome(seq: int | None, *, heartbeat: float, most_messages: int, most_rooms: int) -> Frame:
    """The first message. `seq` is the newest change, for callers who may read: what is subscribed since has no gap."""
    known = {} if seq is None else {"seq": seq}
    limits = {"heartbeat_seconds": heartbeat, "batch": most_messages, "rooms": most_rooms}
    return Frame(compact({"type": "welcome", "version": __version__, **known, "timestamp": _now(), **limits}))


def pong() -> Frame:
    """The answer to `ping`; what was asked before it is in force."""
    return Frame(compact({"type": "pong", "timestamp": _now()}))


def error(wrong: KanbanError, room: str | None = None) -> Frame:
    """What went wrong with a message of the client, and with which room."""
    about = {} if room is None else answer({"room": room[:100]}).value
    return Frame(compact({"type": "error", **about, **problem(wrong).value, "timestamp": _now()}))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
