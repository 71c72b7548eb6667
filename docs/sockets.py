"""The page on the WebSocket: its messages from the code that reads and writes them."""

import json
import re
from collections.abc import Callable
from inspect import cleandoc
from typing import Any

from kanban_mcp.errors import NotFound
from kanban_mcp.models.change import Change
from kanban_mcp.settings import Settings
from kanban_mcp.transport.access.strangers import FAILURES, SECONDS, SHARE
from kanban_mcp.transport.live import frames
from kanban_mcp.transport.live.frames import Frame
from kanban_mcp.transport.live.sockets import MOST_ROOMS, POLICY, TOO_SLOW, Authenticate, Ping, Subscribe, Unsubscribe
from kanban_mcp.transport.server.http import LONGEST_FRAME

_ASKED: tuple[tuple[type, dict[str, Any]], ...] = (
    (Subscribe, {"type": "subscribe", "rooms": ["board:1", "task:5"], "since": 41}),
    (Unsubscribe, {"type": "unsubscribe", "rooms": ["task:5"]}),
    (Ping, {"type": "ping"}),
    (Authenticate, {"type": "authenticate", "key": "kbn_..."}),
)
_CLOSED = (
    (POLICY, f"the key is wrong, was revoked or has expired; or none came within {SECONDS:g} s"),
    (1009, f"a frame was longer than {LONGEST_FRAME // 1024} KiB"),
    (1011, "no answer to a heartbeat"),
    (1012, "the server ends: come back soon"),
    (TOO_SLOW, "all places are taken, or the client reads too slowly: come back later, with `since`"),
)
_TIME = re.compile(r'"timestamp":"[^"]+"')


def websocket_page() -> str:
    """The page, without its first line."""
    lines = ["# WebSocket", ""]
    lines += [
        "`/ws` of `kanban-mcp serve`. Messages are JSON objects in text frames. Requests are answered in their order, "
        "so a `pong` says that what was asked before it is in force. "
        "[Hear of changes](../howto/hear-of-changes.md) shows how to use it.",
        "",
        f"Rooms are `board:` or `task:` with an id; a socket may be in {MOST_ROOMS}. A room of a board tells all that "
        "happens on it, a room of a task what happens to the task, its notes and links.",
        "",
        "## What a client says",
        "",
        "| message | |",
        "|---|---|",
    ]
    lines += [f"| `{json.dumps(example)}` | {_said(model)} |" for model, example in _ASKED]
    lines += ["", "## What the server says", ""]
    for name, function, example in _told():
        lines += [f"### {name}", "", _said(function), "", "```", _TIME.sub('"timestamp":"…"', example.text), "```", ""]
    lines += [
        "Changes are the entries that `list_changes` has, without what is null. What names an unknown message, room or "
        "field is answered with `error`, as is a binary frame; the socket stays.",
        "",
        "## Closing",
        "",
        "| code | why |",
        "|---|---|",
    ]
    lines += [f"| {code} | {why} |" for code, why in _CLOSED]
    lines += ["", "A wrong key in a header is HTTP 401, a foreign origin 403, before there is a socket.", ""]
    lines += [
        f"One in {SHARE} places for sockets may be taken by those that have not brought a key yet. Who brings a wrong "
        f"one or none counts as a failed request of its address: after {FAILURES} in a minute the next is HTTP 429.",
        "",
    ]
    lines += ["The limits are [settings](settings.md), with `WEBSOCKET` in their names.", ""]
    return "\n".join(lines)


def _told() -> tuple[tuple[str, Callable[..., object], Frame], ...]:
    settings = Settings()
    welcome = frames.welcome(
        41,
        heartbeat=settings.websocket_heartbeat_seconds,
        most_messages=settings.websocket_batch,
        most_rooms=MOST_ROOMS,
    )
    change = Change(
        seq=42,
        at="2026-11-25T10:00:00.000000Z",
        actor="ann",
        action="updated",
        entity="task",
        entity_id=5,
        board_id=1,
        task_id=5,
        before={"priority": 5, "version": 2},
        after={"priority": 8, "version": 3},
    )
    missing = NotFound("There is no board 9.", hint="list_boards shows the boards.")
    return (
        ("welcome", frames.welcome, welcome),
        ("batch", frames.batch, frames.batch("board:1", [frames.message(change)])),
        ("batch with trimmed", frames.trimmed, frames.trimmed("board:1", 42)),
        ("pong", frames.pong, frames.pong()),
        ("error", frames.error, frames.error(missing, "board:9")),
    )


def _said(thing: Callable[..., object] | type) -> str:
    return " ".join(cleandoc(thing.__doc__ or "").split())
