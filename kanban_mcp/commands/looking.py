"""A first look: a board in a file of its own, and the browser that shows it."""

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import click

from kanban_mcp.demo.past import fill
from kanban_mcp.store.clock import system_clock

_FOLDERS = "kanban-demo-"
_HELD = "held"
"""A file locked as long as its server lives: the system lets go of it however the process ends."""


@contextlib.contextmanager
def demo_file() -> Iterator[Path]:
    """A new file with the board of the demo, which is gone after the block."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_FOLDERS) as folder, (Path(folder) / _HELD).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        db = Path(folder) / "demo.db"
        fill(db, system_clock())
        click.echo("kanban-mcp: a board to look at; it goes with the server, and your own are not touched", err=True)
        yield db


def _sweep(place: Path) -> None:
    """Remove what demos of this user left that were killed."""
    for folder in place.glob(f"{_FOLDERS}*"):
        # Another demo may end or sweep meanwhile, and one that lives holds its lock.
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            # The board comes after the lock: where it is and nobody holds that, nobody will.
            (folder / "demo.db").stat()
            with (folder / _HELD).open() as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)


def open_browser(address: str) -> None:
    """Show an address in the user's browser, while the server goes on; where there is none, say so."""
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    # Without a display there are only browsers of the terminal, which would take it from the server.
    seen = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    if not seen or not webbrowser.open(address):
        click.echo(f"kanban-mcp: there is no browser to open here; the board is at {address}", err=True)
