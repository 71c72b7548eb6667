"""`kanban-mcp watch` in a terminal, while another process works on the board."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from kanban_mcp.cli import main
from kanban_mcp.commands.screen import Size, screen
from kanban_mcp.commands.terminal import width
from tests.commands.terminals import Terminal


def other(db: Path, *words: str) -> None:
    """A process of its own that calls an operation."""
    command = [sys.executable, "-m", "kanban_mcp", "--db", str(db), *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def watching(db: Path) -> Iterator[Callable[..., Terminal]]:
    """`kanban-mcp watch` on a board with a task, drawn once."""
    for words in (["board", "add", "Plan"], ["task", "add", "first step"]):
        assert CliRunner().invoke(main, ["--db", str(db), *words]).exit_code == 0
    opened = []

    def watch(**more: Any) -> Terminal:
        terminal = Terminal(db, "watch", "Plan", **more)
        opened.append(terminal)
        terminal.until(lambda text: "q quits" in text)
        return terminal

    yield watch
    for terminal in opened:
        terminal.close()


def last(text: str) -> list[str]:
    """The lines of the newest whole drawing, as they are seen."""
    drawn = [part for part in text.split("\x1b[H") if part.endswith("\x1b[J") or "\x1b[K\x1b[J" in part]
    return [click.unstyle(re.sub(r"\x1b\[[KJ]", "", line)) for line in drawn[-1].split("\r\n")]


def test_the_board_redraws_when_another_process_writes(watching: Callable[..., Terminal], db: Path) -> None:
    terminal = watching()
    assert terminal.text.startswith("\x1b[?1049h\x1b[?25l\x1b[H")
    assert any("#1 first step" in line for line in last(terminal.text))
    other(db, "--actor", "ann", "task", "claim")
    terminal.until(lambda text: any("ann since" in line for line in last(text)))
    lines = last(terminal.text)
    assert "1 open, 1 held" in lines[0]
    assert any("ann claimed task 1" in line for line in lines)
    assert len(lines) == 24
    assert max(map(width, lines)) <= 80


@pytest.mark.parametrize("end", ["q", "\x03"], ids=["q", "ctrl-c"])
def test_the_terminal_is_as_before_when_it_ends(watching: Callable[..., Terminal], end: str) -> None:
    terminal = watching()
    terminal.type(end)
    assert terminal.ended() == 0
    assert terminal.text.endswith("\x1b[?25h\x1b[?1049l")
    assert terminal.after == terminal.before
    assert "Traceback" not in terminal.text


def test_a_terminated_watch_leaves_the_terminal_too(watching: Callable[..., Terminal]) -> None:
    terminal = watching()
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.ended() == 0
    assert terminal.text.endswith("\x1b[?25h\x1b[?1049l")
    assert terminal.after == terminal.before


def test_a_deleted_board_ends_the_watch_with_a_sentence(watching: Callable[..., Terminal], db: Path) -> None:
    terminal = watching()
    other(db, "board", "delete", "Plan", "--yes")
    assert terminal.ended() == 1
    assert terminal.text.partition("\x1b[?1049l")[2].lstrip().startswith("kanban-mcp: ")
    assert terminal.after == terminal.before


def test_another_size_is_drawn_at_once(watching: Callable[..., Terminal]) -> None:
    terminal = watching(NO_COLOR="1")
    terminal.resize(rows=10, columns=40)
    terminal.until(lambda text: len(last(text)) == 10)
    assert max(map(width, last(terminal.text))) <= 40
    assert "not shown: Review 0, Done 0" in last(terminal.text)[-1]


def test_a_pipe_is_told_what_to_use_instead(db: Path) -> None:
    result = CliRunner().invoke(main, ["--db", str(db), "watch"])
    assert result.exit_code == 2
    assert "changes --follow" in result.stderr


def test_columns_with_more_than_fits_say_so() -> None:
    columns = ("id", "title", "status", "priority", "assignee", "claimed_by", "blocked_by", "tags")
    board = {
        "name": "Plan",
        "columns": [
            {"status": "todo", "name": "To do", "category": "todo", "tasks": 240, "wip_limit": 240},
            {"status": "done", "name": "Done", "category": "done", "tasks": 7},
        ],
        "tasks": {
            "columns": columns,
            "rows": [[number, f"長い題名 {number}", "todo", 9, None, None, 1, []] for number in range(100)],
        },
        "holders": {"rows": [[0, "ann", 1, 7300, 60], [1, "bob", 1, 50, -5]]},
    }
    for size in (Size(80, 24), Size(33, 12), Size(12, 9)):
        lines = [click.unstyle(line) for line in screen(board, ["news"], size, "12:00:00")]
        assert len(lines) == size.rows
        assert max(map(width, lines)) <= size.columns
    lines = [click.unstyle(line) for line in screen(board, [], Size(80, 24), "12:00:00")]
    assert lines[1].split() == ["To", "do", "240/240", "Done", "7"]
    assert "ann since 2h" in "\n".join(lines)
    assert "bob lapsed" in "\n".join(lines)
    assert any(re.match(r"… 2\d\d more", line) for line in lines)
