"""`kanban-mcp watch BOARD`: a board that redraws itself when anyone changes it."""

import asyncio
import contextlib
import os
import select
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kanban_mcp.app import App
from kanban_mcp.commands.database import database_option, opened, settings_of
from kanban_mcp.commands.flags import UNUSABLE
from kanban_mcp.commands.refusals import explained
from kanban_mcp.commands.running import caller
from kanban_mcp.commands.screen import NEWS, Size, screen
from kanban_mcp.commands.suggestions import suggest
from kanban_mcp.commands.terminal import colored

IDLE = 10.0
"""Seconds after which it redraws though nothing happened: how long who holds what."""
MOST_TASKS = 100
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""A screen of its own without a cursor, and back to what was there before."""


@click.command()
@click.argument("board", required=False, shell_complete=suggest)
@click.option("--no-color", is_flag=True, help="No colors; the variable NO_COLOR says the same.")
@database_option
@click.pass_context
def watch(context: click.Context, board: str | None, no_color: bool, db: Path | None) -> None:
    """Watch a board in the terminal: its columns, who holds what, what just happened. q ends it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("kanban-mcp: watch needs a terminal; `kanban-mcp changes --follow` tells programs.", err=True)
        sys.exit(UNUSABLE)
    try:
        with explained(), opened(settings_of(context, db=db)) as app, asyncio.Runner() as loop:
            _watch(_Board(app, loop, board), app, colored(no_color))
    except KeyboardInterrupt:
        pass


class _Board:
    """What is drawn, as it is now."""

    def __init__(self, app: App, loop: asyncio.Runner, name: str | None) -> None:
        self._app = app
        self._loop = loop
        self._board: dict[str, Any] = {} if name is None else {"board": int(name) if name.isdigit() else name}
        self._news: deque[str] = deque(maxlen=NEWS)
        self._seq = max(0, self._ask("get_health")["last_seq"] - NEWS)

    def lines(self, size: Size) -> list[str]:
        """The screen. Raises KanbanError, as when the board was deleted."""
        board = self._ask("get_board", limit=MOST_TASKS, **self._board)
        page = self._ask("list_changes", since=self._seq, limit=MOST_TASKS, **self._board)
        self._seq = int(page["next"])
        self._news.extend(_said(dict(zip(page["columns"], row, strict=True))) for row in page["rows"])
        return screen(board, self._news, size, time.strftime("%H:%M:%S"))

    def _ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        app = self._app
        return self._loop.run(app.runner.answer(operation, arguments, caller=caller(app), transport="cli")).value


def _said(change: dict[str, Any]) -> str:
    what = f"task {change['task_id']}" if change.get("task_id") else f"{change['entity']} {change['entity_id']}"
    thing = f"{change['entity']} on " if change["entity"] in ("note", "dependency") else ""
    after = change.get("after") or {}
    rest = after.get("title") or after.get("status") or after.get("content") or ""
    return f"{change['at'][11:19]}  {change['actor']} {change['action']} {thing}{what}  {rest}".replace("\n", " ")


def _watch(board: _Board, app: App, color: bool) -> None:
    board.lines(_size())  # what cannot be shown is said before the screen is taken
    with _woken(app) as woken, _keys():
        while True:
            _draw(board.lines(_size()), color)
            ready, _, _ = select.select([sys.stdin, woken], [], [], IDLE)
            if woken in ready:
                os.read(woken, 4096)
            if sys.stdin in ready and os.read(sys.stdin.fileno(), 64)[:1] in (b"q", b"Q", b"\x1b", b"\x04", b""):
                return


def _size() -> Size:
    found = shutil.get_terminal_size()
    return Size(found.columns, found.lines)


def _draw(lines: list[str], color: bool) -> None:
    """Over what is there, line by line: nothing flickers."""
    shown = "\x1b[K\n".join(lines if color else map(click.unstyle, lines))
    sys.stdout.write(f"\x1b[H{shown}\x1b[K\x1b[J")
    sys.stdout.flush()


@contextlib.contextmanager
def _woken(app: App) -> Iterator[int]:
    """A pipe that can be read when something was committed, or the terminal has another size."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)

    def poke(*_: Any) -> None:
        with contextlib.suppress(OSError):
            os.write(wake, b".")

    before = signal.signal(signal.SIGWINCH, poke)
    stop = app.feed.listen(poke)
    try:
        yield woken
    finally:
        stop()
        signal.signal(signal.SIGWINCH, before)
        os.close(wake)
        os.close(woken)


@contextlib.contextmanager
def _keys() -> Iterator[None]:
    """The terminal as this command needs it, and then as it was, however the command ends."""
    import termios  # noqa: PLC0415 - not on every system
    import tty  # noqa: PLC0415

    before = termios.tcgetattr(sys.stdin)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        tty.setcbreak(sys.stdin)
        sys.stdout.write(ENTER)
        yield
    finally:
        sys.stdout.write(LEAVE)
        sys.stdout.flush()
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
