"""Messages as a client sends them, and what becomes of them when bytes and fields are changed at random."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "fuzz", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("create_task", {"title": "A task", "description": "With words", "priority": 2}),
    ("list_tasks", {"status": "todo", "limit": 5}),
    ("get_task", {"task_id": 1}),
    ("update_task", {"task_id": 1, "title": "Another title"}),
    ("search", {"query": "words"}),
    ("get_board", {"board": 1}),
    ("get_health", {}),
    ("list_changes", {"since": 0, "limit": 3}),
    ("delete_board", {"board": "no such"}),
)
REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("tools/call", {"name": name, "arguments": arguments}) for name, arguments in CALLS),
    ("ping", {}),
    ("tools/list", {}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "stand_up", "arguments": {}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "kanban://boards"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "stand_up"}, "argument": {"name": "board", "value": "A"}},
    ),
    ("server/discover", {}),
)
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**53, 2**64, 10**400, "", "\u202e", "\x00", "x" * 3000, "é日🚀", [], {},
    [[]], {"": None}, "tools/call", "2.0", "$0", {"_meta": {}}, [1, 2, 3],
)  # fmt: skip


def messages(seed: int, count: int, *, modern: bool) -> Iterator[bytes]:
    """So many messages, each with an id of its own before it was changed; the same for the same seed."""
    random = Random(seed)
    for number in range(count):
        yield message(random, number, modern=modern)


def message(random: Random, number: int, *, modern: bool) -> bytes:
    """One message on one line."""
    method, params = random.choice(REQUESTS)
    params = {**json.loads(json.dumps(params)), **({"_meta": dict(ENVELOPE)} if modern else {})}
    request: Any = {"jsonrpc": "2.0", "id": f"q{number}", "method": method, "params": params}
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        _change(random, request)
    data = json.dumps(request, ensure_ascii=random.random() < 0.5).encode()
    if random.random() < 0.15:
        data = random.choice(BREAKS)(random, data)
    return data.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"


def _change(random: Random, request: dict[str, Any]) -> None:
    """Change one field somewhere: drop it, rename it, or put something strange in its place."""
    place: Any = request
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = random.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and random.random() < 0.7:
            place = place[key]
            continue
        break
    what = random.random()
    if what < 0.2:
        del place[key]
    elif what < 0.3 and isinstance(place, dict):
        place[random.choice(("extra", "Name", "cursor", "uri", "_meta"))] = place.pop(key)
    else:
        place[key] = random.choice(STRANGE)


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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields are there once; which of two counts is not said anywhere."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
