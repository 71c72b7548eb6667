"""What a benchmark finds, and how it is shown."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Literal

from kanban_mcp.store.engine import sqlite3


@dataclass(frozen=True)
class Figure:
    """One answer: a number, and the bar it is held against. Without a bar it only informs."""

    question: str
    value: float
    unit: str
    bar: float | None = None
    sense: Literal["at least", "at most"] = "at most"
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bar is met."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.sense == "at least" else self.value <= self.bar

    def misses_by(self, share: float) -> bool:
        """Whether the bar is missed by more than a share of it."""
        if self.bar is None:
            return False
        if self.sense == "at least":
            return self.value < self.bar * (1 - share)
        return self.value > self.bar * (1 + share)


def full() -> bool:
    """Whether the long forms were asked for."""
    return os.environ.get("KANBAN_BENCH_FULL") == "1"


def timed(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def in_turns(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median seconds of each piece of work, all done in turns."""
    samples: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, seconds in zip(works, samples, strict=True):
            seconds.append(timed(work))
    return [median(seconds) for seconds in samples]


def table(figures: Sequence[Figure]) -> str:
    """The figures for a terminal."""
    lines = []
    for figure in figures:
        bar = "" if figure.bar is None else f"{figure.sense} {figure.bar:g}"
        verdict = "" if figure.bar is None else ("ok" if figure.holds else "MISSED")
        lines.append(
            f"{figure.question:<58} {figure.value:>10.2f} {figure.unit:<8} {bar:<14} {verdict:<7} {figure.detail}"
        )
    return "\n".join(lines)


def as_page(figures: Sequence[Figure]) -> str:
    """The figures as a page of the documentation."""
    lines = ["<!-- Written by `make bench`. -->", "", "# Benchmarks", ""]
    lines += [
        "Ratios of rounds that take turns in one run. Times differ by machine; they inform, and nothing fails by them.",
        "",
    ]
    lines += [f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, MCP SDK {version('mcp')}.", ""]
    lines += ["| question | figure | bar | |", "|---|---|---|---|"]
    for figure in figures:
        bar = "" if figure.bar is None else f"{figure.sense} {figure.bar:g}"
        lines.append(f"| {figure.question} | {figure.value:.2f} {figure.unit} | {bar} | {figure.detail} |")
    return "\n".join([*lines, ""])


def as_json(figures: Sequence[Figure]) -> str:
    """The figures with what they were measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    about = {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "mcp": version("mcp"),
        "machine": platform.machine(),
    }
    return json.dumps({**about, "figures": [{**asdict(figure), "holds": figure.holds} for figure in figures]}, indent=1)
