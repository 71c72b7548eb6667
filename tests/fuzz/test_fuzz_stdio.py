"""Mutated messages over stdio: the process lives, what is well-formed is answered once, and nothing else is said."""

import json
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

from tests.fuzz.messages import ENVELOPE, HELLO, board, check_memory, messages, taken_back, well_formed

PATIENCE = 60
"""Seconds after which a server that does not answer hangs."""
BURST = 100
"""Messages sent before the answers are read."""
SHORT, LONG = 2_000, 100_000
SEED = 20_261_125
"""Another seed is another run; the same is the same."""


class Child:
    """A server process and both ends of its pipes."""

    def __init__(self, db: Path, env: dict[str, str], *, modern: bool) -> None:
        command = [sys.executable, "-m", "kanban_mcp", "--db", str(db), "--board", "Alpha", "--toolsets", "all"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **env},
        )
        self._rest = b""
        self._question = question(modern)

    def say(self, data: bytes, expected: "Counter[str | int | None]") -> "Counter[str | int | None]":
        """Send lines, and read until each expected id is answered and a question after all; how often each id was."""
        assert self.process.stdin and self.process.stdout
        said: Counter[str | int | None] = Counter()
        unsent = memoryview(data + self._question)
        into, out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(into, False)
        while not said["mark"] or any(said[request] < count for request, count in expected.items()):
            readable, writable, _ = select.select([out], [into] if unsent else [], [], PATIENCE)
            assert readable or writable, f"not answered: {expected - said}"
            if writable:
                unsent = unsent[os.write(into, unsent[:65536]) :]
            if readable:
                said.update(line.get("id") for line in self._lines(os.read(out, 1 << 20)) if "method" not in line)
        return said

    def _lines(self, data: bytes) -> Iterator[dict[str, Any]]:
        assert data, f"the server ended: {self.process.wait()}"
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0", line
            yield message

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.communicate()


def question(modern: bool) -> bytes:
    """A request that is answered when all before it has been read."""
    params = {"name": "get_health", "arguments": {}, **({"_meta": ENVELOPE} if modern else {})}
    return json.dumps({"jsonrpc": "2.0", "id": "mark", "method": "tools/call", "params": params}).encode() + b"\n"


def opening(modern: bool) -> bytes:
    """A handshake, where the era has one, and a board to work on."""
    lines = [board(modern=modern)]
    if not modern:
        greeting = {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": HELLO}
        greeted = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        lines = [json.dumps(greeting).encode(), json.dumps(greeted).encode(), *lines]
    return b"".join(line + b"\n" for line in lines)


@pytest.mark.parametrize("count", [SHORT // 4, pytest.param(LONG // 4, marks=pytest.mark.long)])
@pytest.mark.parametrize("lane", ["true", "false"])
@pytest.mark.parametrize("modern", [False, True], ids=["legacy", "modern"])
def test_mutated_messages_are_answered_once_and_the_server_stays_as_it_is(
    count: int, lane: str, modern: bool, db: Path
) -> None:
    with Child(db, {"KANBAN_FAST_LANE": lane}, modern=modern) as child:
        child.say(opening(modern), Counter(["board"]))
        answered: Counter[str | int | None] = Counter()
        warm = 0
        lines = list(messages(SEED, count, modern=modern))
        for start in range(0, count, BURST):
            burst = lines[start : start + BURST]
            expected: Counter[str | int | None] = Counter(
                request for line in burst if (request := well_formed(line)) is not None
            )
            for line in burst:
                expected.pop(taken_back(line), None)
            answered += child.say(b"".join(burst), expected)
            if start < count // 2 <= start + BURST:
                warm = child.memory
        assert {request for request in answered if answered[request] > 1 and str(request).startswith("q")} == set()
        check_memory(warm, child.memory)
        assert child.process.poll() is None
