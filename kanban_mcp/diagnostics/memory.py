"""Watches memory: against a budget, and for growth that does not end."""

import gc
import logging
import sys
import threading
import tracemalloc
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kanban_mcp.models.diagnostics import Leak, Memory, MemorySnapshot, Verdict
from kanban_mcp.models.fields import A_NUMBER
from kanban_mcp.store.clock import Clock, stamp

if TYPE_CHECKING:
    import psutil

WARNING = 0.8
COLLECTING = 0.9
KEPT = 10
WINDOW = 3
GROWTH = 0.10
LEAST_STEP = 0.1
"""The share of the growth that each look must find."""
NOISE_BYTES = 16 * 1024 * 1024
"""The memory of a process goes up by less than this while it warms up."""

log = logging.getLogger(__name__)

Top = Annotated[int, Field(ge=0, le=50), A_NUMBER]

ADVICE = {
    "rss_bytes": "The process grows outside of what is counted here: look at large results and at C libraries.",
    "python_blocks": "Python objects pile up: look for collections that only grow; tracemalloc names the lines.",
    "cache_bytes": "The cache grows: lower KANBAN_CACHE_ENTRIES.",
    "sqlite_bytes": "SQLite's own memory grows: fewer KANBAN_READERS keep fewer pages.",
    "connections": "Database connections grow: something borrows and does not give back.",
    "file_descriptors": "Open files grow: look for files and sockets that are not closed.",
    "threads": "Threads grow: something starts them and does not let them end.",
}


class MemoryMonitor:
    """Takes snapshots; `sizes` are further figures to take, by name."""

    def __init__(
        self, clock: Clock, *, budget_mb: int = 512, sizes: Mapping[str, Callable[[], int]] | None = None
    ) -> None:
        self._clock = clock
        self._budget = budget_mb * 1024 * 1024
        self._sizes = sizes or {}
        self._lock = threading.Lock()
        self._snapshots: deque[MemorySnapshot] = deque(maxlen=KEPT)
        self._collections = 0

    @cached_property
    def _process(self) -> "psutil.Process":
        # Loaded with the first look: it takes a share of the start that most runs have no use for.
        import psutil  # noqa: PLC0415

        return psutil.Process()

    def tick(self) -> None:
        """Take a snapshot, and act on it: warn above 80 % of the budget, collect garbage above 90 %."""
        snapshot = self.take()
        share = snapshot.rss_bytes / self._budget
        if share >= COLLECTING:
            self._collections += 1
            log.warning("memory is short, collecting", extra={"share": round(share, 2), "freed": gc.collect()})
        elif share >= WARNING:
            log.warning("memory is getting short", extra={"share": round(share, 2)})
        if (leak := self.leak()) is not None:
            log.warning("memory keeps growing", extra={"grew": ",".join(leak.grew)})

    def take(self) -> MemorySnapshot:
        """A snapshot, which is kept; the oldest of more than ten goes."""
        snapshot = self.look()
        with self._lock:
            self._snapshots.append(snapshot)
        return snapshot

    def look(self) -> MemorySnapshot:
        """A snapshot that is not kept: who asks every few seconds must not shorten the window in which growth shows."""
        return MemorySnapshot(
            at=stamp(self._clock()),
            rss_bytes=self._process.memory_info().rss,
            python_blocks=sys.getallocatedblocks(),
            figures={
                "file_descriptors": self._descriptors(),
                "threads": threading.active_count(),
                **{name: size() for name, size in self._sizes.items()},
            },
        )

    def leak(self) -> Leak | None:
        """A report when the last three snapshots grew by more than 10 % in all, and with each."""
        with self._lock:
            recent = list(self._snapshots)[-WINDOW:]
        if len(recent) < WINDOW:
            return None
        grew = [name for name in recent[0].all_figures if _grows(name, [each.all_figures[name] for each in recent])]
        if not {"rss_bytes", "python_blocks"} & set(grew):
            return None
        growth = {
            name: round(recent[-1].all_figures[name] / max(1, recent[0].all_figures[name]) - 1, 3) for name in grew
        }
        return Leak(grew=growth, recommendations=[ADVICE[name] for name in grew if name in ADVICE])

    def get_memory(self, snapshot: bool = False, top: Top = 0) -> Memory:
        """Memory now and in the last snapshots, against the budget, and what keeps growing.

        `snapshot` takes one now. `top` lists that many allocating lines, where PYTHONTRACEMALLOC is set.
        """
        now = self.take() if snapshot or not self._snapshots else self._snapshots[-1]
        return Memory(
            now=now,
            budget_bytes=self._budget,
            share=round(now.rss_bytes / self._budget, 3),
            verdict=self.verdict,
            collections=self._collections,
            garbage=_garbage(),
            leak=self.leak(),
            snapshots=[[each.at, each.rss_bytes, each.python_blocks] for each in self._snapshots],
            top=_allocations(top) if top else [],
            tracing=tracemalloc.is_tracing(),
        )

    @property
    def usage(self) -> dict[str, int]:
        """Bytes now: of the process, what it may need, and what of its parts are known."""
        return {
            "rss": self._process.memory_info().rss,
            "budget": self._budget,
            **{name.removesuffix("_bytes"): size() for name, size in self._sizes.items() if name.endswith("_bytes")},
        }

    @property
    def verdict(self) -> Verdict:
        """What the last snapshot means beside the budget; `ok` before the first."""
        share = self._snapshots[-1].rss_bytes / self._budget if self._snapshots else 0.0
        return "collecting" if share >= COLLECTING else "warning" if share >= WARNING else "ok"

    def _descriptors(self) -> int:
        return self._process.num_fds() if hasattr(self._process, "num_fds") else 0


def _grows(name: str, values: list[int]) -> bool:
    """Whether values rise with every look; what came nearly whole with one of them is something loaded, no leak."""
    growth = values[-1] - values[0]
    steps = [later - earlier for earlier, later in zip(values, values[1:], strict=False)]
    noise = NOISE_BYTES if name == "rss_bytes" else 0
    return growth > max(values[0] * GROWTH, noise) and min(steps) > growth * LEAST_STEP


def _garbage() -> dict[str, int]:
    """What the collector did since the start, and how many objects wait for it."""
    stats = gc.get_stats()
    return {
        "collections": sum(each["collections"] for each in stats),
        "collected": sum(each["collected"] for each in stats),
        "uncollectable": sum(each["uncollectable"] for each in stats),
        "waiting": sum(gc.get_count()),
    }


def _allocations(top: int) -> list[str]:
    if not tracemalloc.is_tracing():
        return []
    return [
        f"{_place(each.traceback[0].filename)}:{each.traceback[0].lineno} {each.size} B in {each.count}"
        for each in tracemalloc.take_snapshot().statistics("lineno")[:top]
    ]


def _place(path: str) -> str:
    """A file within its package, without where that is installed."""
    return path.rsplit("site-packages/", 1)[-1].rsplit("/kanban_mcp/", 1)[-1]
