"""Memory: growth that does not end is told from growth that does."""

import json
import subprocess
import sys
import threading
import tracemalloc
from typing import Any

import pytest

from kanban_mcp.diagnostics.memory import KEPT, MemoryMonitor
from kanban_mcp.diagnostics.profiler import Profiler, Spans
from kanban_mcp.errors import Busy
from tests.conftest import Call, SettableClock

LEAK = """
import json, sys
from kanban_mcp.diagnostics.memory import MemoryMonitor
from kanban_mcp.store.clock import system_clock

monitor, kept = MemoryMonitor(system_clock), []
for round in range(3):
    monitor.take()
    items = [{"number": number} for number in range(150_000)]
    if sys.argv[1] == "leak":
        kept.append(items)
    del items
leak = monitor.leak()
print(json.dumps(leak and leak.lean()))
"""


@pytest.mark.parametrize("kind", ["leak", "steady"])
def test_a_planted_leak_is_told_from_a_steady_load(kind: str) -> None:
    answer = subprocess.run([sys.executable, "-c", LEAK, kind], capture_output=True, text=True, check=True)
    report = json.loads(answer.stdout)
    if kind == "steady":
        assert report is None
    else:
        assert report["grew"]["python_blocks"] > 0.1
        assert "Python objects pile up" in " ".join(report["recommendations"])


def test_what_grows_is_named_with_what_to_look_at(clock: SettableClock) -> None:
    kept: list[list[int]] = []
    sizes = {"connections": lambda: 10 + len(kept), "cache_bytes": lambda: 1000}
    monitor = MemoryMonitor(clock, sizes=sizes)
    for _ in range(3):
        monitor.take()
        kept.append(list(range(1000, 400_000)))
    leak = monitor.leak()
    assert leak is not None
    assert {"connections", "python_blocks"} <= set(leak.grew)
    assert "cache_bytes" not in leak.grew


def test_ten_snapshots_are_kept(clock: SettableClock) -> None:
    monitor = MemoryMonitor(clock)
    for _ in range(KEPT + 5):
        monitor.take()
        clock.advance(seconds=30)
    assert len(monitor.get_memory().snapshots) == KEPT


@pytest.mark.parametrize(("budget_mb", "verdict"), [(100_000, "ok"), (16, "collecting")])
def test_memory_is_held_against_its_budget(clock: SettableClock, budget_mb: int, verdict: str) -> None:
    monitor = MemoryMonitor(clock, budget_mb=budget_mb)
    monitor.tick()
    memory = monitor.get_memory()
    assert (memory.verdict, memory.collections) == (verdict, int(verdict == "collecting"))


@pytest.mark.parametrize(
    ("sizes", "leaks"), [((100, 180, 182), False), ((100, 102, 180), False), ((100, 106, 112), True)]
)
def test_what_was_loaded_once_is_no_leak(clock: SettableClock, sizes: tuple[int, ...], leaks: bool) -> None:
    monitor = MemoryMonitor(clock)
    now = monitor.take()
    monitor._snapshots.extend(now.model_copy(update={"python_blocks": size * 1000}) for size in sizes)
    assert (monitor.leak() is not None) == leaks


async def test_memory_is_told_by_who_holds_it(call: Call, board: dict[str, Any]) -> None:
    memory = await call("get_memory", snapshot=True)
    figures = memory["now"]["figures"]
    assert figures["sqlite_bytes"] > 10_000
    assert {"cache_bytes", "connections", "file_descriptors", "threads"} <= set(figures)
    assert set(memory["garbage"]) == {"collections", "collected", "uncollectable", "waiting"}


def test_memory_is_told_to_be_short_in_time(clock: SettableClock) -> None:
    used = MemoryMonitor(clock).take().rss_bytes
    monitor = MemoryMonitor(clock, budget_mb=int(used / 0.85 / 1024 / 1024))
    monitor.tick()
    memory = monitor.get_memory()
    assert (memory.verdict, memory.collections) == ("warning", 0)


def test_allocating_lines_are_named_where_they_are_traced(clock: SettableClock) -> None:
    monitor = MemoryMonitor(clock)
    assert monitor.get_memory(top=3).top == []
    tracemalloc.start()
    try:
        kept = [bytes(1000) for _ in range(1000)]
        memory = monitor.get_memory(top=3)
    finally:
        tracemalloc.stop()
    assert len(kept) == 1000
    assert memory.tracing
    assert "test_diagnostics_memory.py" in memory.top[0]


def test_a_profile_shows_what_a_busy_thread_does() -> None:
    stop = threading.Event()

    def spin_for_the_profile() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=spin_for_the_profile)
    thread.start()
    try:
        profile = Profiler(Spans()).profile(seconds=0.2)
        apart = Profiler(Spans()).profile(seconds=0.1, operation="get_task")
    finally:
        stop.set()
        thread.join()
    assert any("spin_for_the_profile test_diagnostics_memory.py" in line for line in profile.tree)
    assert apart.tree == []


def test_one_profile_is_taken_at_a_time() -> None:
    profiler = Profiler(Spans())
    with profiler._running, pytest.raises(Busy):
        profiler.profile(seconds=0.1)
    assert profiler.profile(seconds=0.1).samples > 0


def test_spans_count_and_add_up() -> None:
    spans = Spans()
    for _ in range(3):
        with spans.measure("commit"):
            sum(range(1000))
    with pytest.raises(ValueError, match="kept"), spans.measure("failing"):
        raise ValueError("kept")
    names = {row[0]: row[1] for row in spans.rows()}
    assert names == {"commit": 3, "failing": 1}
