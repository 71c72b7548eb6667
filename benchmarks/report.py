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

TIMES = ("us", "ms", "s")


@dataclass(frozen=True)
class Figure:
    """One answer: a number, and the bar it is held against. Without a bar it only informs.

    A bar that is an `aim` may be fallen short of, and nothing fails by it.
    """

    question: str
    value: float
    unit: str
    bar: float | None = None
    sense: Literal["at least", "at most"] = "at most"
    detail: str = ""
    aim: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bar is met."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.sense == "at least" else self.value <= self.bar

    @property
    def verdict(self) -> str:
        """What to say of the bar: a time and an aim fall short, only what fails by its bar misses it."""
        if self.holds:
            return ""
        return "short of the aim" if self.aim or self.unit in TIMES else "MISSED"

    def misses_by(self, share: float) -> bool:
        """Whether the bar is missed by more than a share of it. Absolute times only inform: they differ by machine."""
        if self.bar is None or self.aim or self.unit in TIMES:
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
        verdict = "" if figure.bar is None else (figure.verdict or "ok")
        lines.append(
            f"{figure.question:<58} {figure.value:>10.2f} {figure.unit:<8} {bar:<14} {verdict:<16} {figure.detail}"
        )
    return "\n".join(lines)


@dataclass(frozen=True)
class Answer:
    """What one benchmark found: its name, the question it asks, how long that took."""

    name: str
    question: str
    figures: Sequence[Figure]
    seconds: float


def as_page(title: str, answers: Sequence[Answer]) -> str:
    """The answers as a page of the documentation, each under its question."""
    lines = [f"<!-- Written by `make {'bench-full' if full() else 'bench'}`. -->", "", f"# {title}", ""]
    lines += [
        "Ratios of rounds that take turns in one run. Times differ by machine; they inform, and nothing fails by them.",
        f"`make bench` runs them all, `python -m benchmarks {answers[0].name}` one by its name.",
        "",
    ]
    lines += [f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, MCP SDK {version('mcp')}.", ""]
    for answer in answers:
        lines += [f"## {answer.name}", "", answer.question, "", "| | figure | bar | |", "|---|---|---|---|"]
        lines += [_row(figure) for figure in answer.figures]
        lines += [""]
    return "\n".join(lines)


def _row(figure: Figure) -> str:
    said = [] if figure.bar is None else [f"{figure.sense} {figure.bar:g}", figure.verdict]
    bar = ", ".join(filter(None, said))
    return f"| {figure.question} | {figure.value:.2f} {figure.unit} | {bar} | {figure.detail} |"


def as_json(answers: Sequence[Answer]) -> str:
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
    found = [
        {"benchmark": answer.name, **asdict(figure), "holds": figure.holds}
        for answer in answers
        for figure in answer.figures
    ]
    took = {answer.name: round(answer.seconds, 1) for answer in answers}
    return json.dumps({**about, "seconds": took, "figures": found}, indent=1)
