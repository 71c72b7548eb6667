"""Watches where time goes: samples of all threads for some seconds, and named spans of our own."""

import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, TypeAlias

from pydantic import Field

from kanban_mcp.errors import Busy, Invalid
from kanban_mcp.models.diagnostics import Profile, milliseconds
from kanban_mcp.models.fields import A_NUMBER
from kanban_mcp.nearest import nearest

INTERVAL = 0.005
SMALLEST_SHARE = 0.01
DEEPEST = 40
MOST_LINES = 120
_WAITING = {
    ("selectors.py", "select"),
    ("threading.py", "wait"),
    ("threading.py", "_wait_for_tstate_lock"),
    ("queue.py", "get"),
    ("writer.py", "_serve"),
    ("writer.py", "_gather"),
    ("feed.py", "_run"),
    ("checkpointer.py", "_run"),
    ("_asyncio.py", "run"),
}
"""Where a thread sits when it has nothing to do."""

Seconds = Annotated[float, Field(ge=0.1, le=60), A_NUMBER]
Stack: TypeAlias = tuple[str, ...]


class Spans:
    """How often named phases ran and how long they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[str, tuple[int, float, float]] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Count what the block takes under a name."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Count what was timed elsewhere."""
        with self._lock:
            count, total, largest = self._spans.get(name, (0, 0.0, 0.0))
            self._spans[name] = (count + 1, total + seconds, max(largest, seconds))

    def rows(self) -> list[tuple[str, int, float, float]]:
        """Name, count, total and largest milliseconds, the longest in all first."""
        with self._lock:
            spans = sorted(self._spans.items(), key=lambda span: -span[1][1])
        return [(name, count, milliseconds(total), milliseconds(largest)) for name, (count, total, largest) in spans]


class Profiler:
    """Samples the stacks of all other threads; one profile at a time. `operations` may be asked for, once they are
    known.
    """

    operations: Collection[str] = ()

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._running = threading.Lock()
        self._stop = threading.Event()

    def profile(self, seconds: Seconds = 5.0, operation: str | None = None) -> Profile:
        """Sample the running server for some seconds; a call tree with each function's share of the busy samples.

        Call it beside the load to be looked at. `operation` keeps only samples within that operation.
        """
        if operation is not None and operation not in (self.operations or (operation,)):
            near = nearest(operation[:60], self.operations)
            hint = f"Did you mean {near}?" if near else "Give a name such as get_task."
            raise Invalid(f"{operation[:60]!r} is no operation's name.", hint=hint)
        if not self._running.acquire(blocking=False):
            raise Busy("A profile is being taken.", hint="Ask again when it is done.")
        try:
            stacks, samples = self._sample(seconds, operation)
        finally:
            self._running.release()
        busy = stacks.total()
        tree = _tree(stacks, busy)
        return Profile(
            seconds=seconds,
            samples=samples,
            busy_share=round(busy / samples, 3) if samples else 0.0,
            tree=tree[:MOST_LINES],
            truncated=len(tree) > MOST_LINES,
            spans=self._spans.rows(),
        )

    def stop(self) -> None:
        """End a profile that is being taken: the server is leaving."""
        self._stop.set()

    def _sample(self, seconds: float, operation: str | None) -> tuple[Counter[Stack], int]:
        """Busy stacks and how often each was seen, and how many looks were taken."""
        own, stacks, samples = threading.get_ident(), Counter[Stack](), 0
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and not self._stop.wait(INTERVAL):
            samples += 1
            for thread, frame in sys._current_frames().items():
                if thread != own and not _waits(frame):
                    stack = _stack(frame)
                    if operation is None or any(f" {operation} " in f" {line} " for line in stack):
                        stacks[stack] += 1
        return stacks, samples


def _waits(frame: FrameType) -> bool:
    """Whether a thread is at rest, which is told by the function it sits in."""
    return (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in _WAITING


def _stack(frame: FrameType) -> Stack:
    """The functions from the outermost to the one that runs, those of the server from its first on."""
    lines: list[str] = []
    current: FrameType | None = frame
    while current is not None:
        code = current.f_code
        lines.append(f"{code.co_name} {_short(code.co_filename)}:{code.co_firstlineno}")
        current = current.f_back
    return tuple(reversed(lines))[-DEEPEST:]


def _short(path: str) -> str:
    """A file as one would name it: within its package, without where that is installed."""
    for root in ("/site-packages/", "/kanban_mcp/"):
        if root in path:
            return path.rsplit(root, 1)[-1] if root == "/site-packages/" else f"kanban_mcp/{path.rsplit(root, 1)[-1]}"
    return Path(path).name


def _tree(stacks: Counter[Stack], total: int) -> list[str]:
    """Lines of `share function file:line`, indented by depth, the largest share first; small ones are left out."""
    children: dict[Stack, Counter[Stack]] = defaultdict(Counter)
    for stack, count in stacks.items():
        for depth in range(len(stack)):
            children[stack[:depth]][stack[: depth + 1]] += count

    def lines(path: Stack, depth: int) -> Iterator[str]:
        for child, count in children[path].most_common():
            if count >= total * SMALLEST_SHARE:
                yield f"{' ' * depth}{100 * count / total:.1f}% {child[-1]}"
                yield from lines(child, depth + 1)

    return list(lines((), 0))
