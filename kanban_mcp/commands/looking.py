"""A first look: a board in a file of its own, and the browser that shows it."""

import contextlib
import os
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import click

from kanban_mcp.demo.past import fill
from kanban_mcp.store.clock import system_clock


@contextlib.contextmanager
def demo_file() -> Iterator[Path]:
    """A new file with the board of the demo, which is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="kanban-demo-") as folder:
        db = Path(folder) / "demo.db"
        fill(db, system_clock())
        click.echo("kanban-mcp: a board to look at; it goes with the server, and your own are not touched", err=True)
        yield db


def open_browser(address: str) -> None:
    """Show an address in the user's browser, while the server goes on; where there is none, say so."""
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    # Without a display there are only browsers of the terminal, which would take it from the server.
    seen = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    if not seen or not webbrowser.open(address):
        click.echo(f"kanban-mcp: there is no browser to open here; the board is at {address}", err=True)
