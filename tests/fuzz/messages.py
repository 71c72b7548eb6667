"""Messages as a client sends them, and what becomes of them when bytes and fields are changed at random."""

import json
import logging
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "fuzz", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "1"}}
GROWTH = 1.3
"""How much memory the second half of a run may add to what the first half has warmed up."""
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("create_task", {"title": "A task", "description": "With words", "priority": 2}),
    ("list_tasks", {"status": "todo", "limit": 5}),
    ("get_task", {"task_id": 1}),
    ("update_task", {"task_id": 1, "title": "Another title"}),
    ("claim_next", {}),
    ("search", {"query": "words"}),
    ("get_board", {"board": 1}),
    ("get_health", {}),
    ("list_changes", {"since": 0, "limit": 3}),
    ("delete_board", {"board": "no such"}),
    ("run_batch", {"calls": [{"operation": "create_task", "arguments": {"title": "a"}}, {"operation": "list_tags"}]}),
)
PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ping", {}),
    ("tools/list", {}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "stand_up", "arguments": {}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "kanban://boards"}),
    ("resources/subscribe", {"uri": "kanban://boards/1"}),
    ("resources/unsubscribe", {"uri": "kanban://boards/1"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "stand_up"}, "argument": {"name": "board", "value": "A"}},
    ),
    ("server/discover", {}),
    ("initialize", HELLO),
)
REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("tools/call", {"name": name, "arguments": arguments}) for name, arguments in CALLS),
    ("tools/call", {"name": "run_batch", "arguments": CALLS[-1][1], "_meta": {"progressToken": 7}}),
    *PARTS,
)
"""But `subscriptions/listen`, which is answered when the client ends it."""
CANCELLED = "notifications/cancelled"
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**53, 2**64, 10**400, "", "\u202e", "\x00", "x" * 3000, "é日🚀", [], {},
    [[]], {"": None}, "tools/call", "2.0", "$0", {"_meta": {}}, [1, 2, 3],
)  # fmt: skip


def board(*, modern: bool) -> bytes:
    """A request that makes a board for the others to work on."""
    params = {"name": "create_board", "arguments": {"name": "Alpha"}, **({"_meta": ENVELOPE} if modern else {})}
    return json.dumps({"jsonrpc": "2.0", "id": "board", "method": "tools/call", "params": params}).encode()


def messages(seed: int, count: int, *, modern: bool) -> Iterator[bytes]:
    """So many messages, each with an id of its own before it was changed; the same for the same seed."""
    random = Random(seed)
    for number in range(count):
        yield message(random, number, modern=modern)


def message(random: Random, number: int, *, modern: bool) -> bytes:
    """One message on one line."""
    method, params = random.choice(REQUESTS)
    if modern:
        params = {**params, "_meta": {**params.get("_meta", {}), **ENVELOPE}}
    request: Any = {"jsonrpc": "2.0", "id": f"q{number}", "method": method, "params": params}
    if random.random() < 0.05:
        taken_back = {"requestId": f"q{number - random.randrange(1, 9)}"}
        request = {"jsonrpc": "2.0", "method": CANCELLED, "params": taken_back}
    request = deepcopy(request)  # what is changed must be this message's own
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        _change(random, request)
    data = json.dumps(request, ensure_ascii=random.random() < 0.5).encode()
    if random.random() < 0.15:
        data = random.choice(BREAKS)(random, data)
    return data.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"


def _change(random: Random, request: dict[str, Any]) -> None:
    """Change one field somewhere: drop it, rename it, or put something strange in its place."""
    place: Any = request
    while (inner := _filled(place)) and random.random() < 0.7:
        place = random.choice(inner)
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    if not keys:
        return
    key, what = random.choice(keys), random.random()
    if what < 0.2:
        del place[key]
    elif what < 0.3 and isinstance(place, dict):
        place[random.choice(("extra", "Name", "cursor", "uri", "_meta"))] = place.pop(key)
    else:
        place[key] = deepcopy(random.choice(STRANGE))


def _filled(place: Any) -> list[Any]:
    """What a place holds that holds something itself."""
    values = place.values() if isinstance(place, dict) else place
    return [value for value in values if isinstance(value, dict | list) and value]


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _flip(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]


def _insert(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return (
        data[:place] + random.choice((b"\xff\xfe", b"\\ud83d", b"[" * 500, b"\x00", b'"', b",", b"{}")) + data[place:]
    )


def _twice(random: Random, data: bytes) -> bytes:
    return data + data


def _many(random: Random, data: bytes) -> bytes:
    return b"[" + data + b"," + data + b"]"


BREAKS: tuple[Callable[[Random, bytes], bytes], ...] = (_cut, _flip, _insert, _twice, _many)


def well_formed(line: bytes) -> str | int | None:
    """The id of a line that is a request of JSON-RPC 2.0 as the protocol has it; None for anything else."""
    try:
        value = json.loads(line.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate is no text
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0" or not isinstance(value.get("method"), str):
        return None
    request = value.get("id")
    if isinstance(request, bool) or not isinstance(request, str | int) or not isinstance(value.get("params", {}), dict):
        return None
    return request if isinstance(request, str) or abs(request) <= 2**53 else None


def taken_back(line: bytes) -> str | int | None:
    """The id of a request that a line takes back: that need not be answered."""
    try:
        value = json.loads(line.decode())
        named = value["params"]["requestId"] if value["method"] == CANCELLED else None
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return named if isinstance(named, str | int) else None


def check_memory(warm: int, end: int) -> None:
    """A server must not grow with what it is told; both are resident bytes, of which `--log-level info` tells."""
    logging.getLogger(__name__).info("%.1f MiB after the first half, %.1f at the end", warm / 2**20, end / 2**20)
    assert end < warm * GROWTH


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields are there once; which of two counts is not said anywhere."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
