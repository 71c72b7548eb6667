"""What a terminal can show."""

import os
import sys
import unicodedata

import click


def colored(no_color: bool = False) -> bool:
    """Whether to use colors: on a terminal that has them, unless told not to (no-color.org)."""
    return sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(text: str) -> int:
    """The cells that a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def fitted(text: str, cells: int) -> str:
    """A text in exactly so many cells, cut or filled up."""
    if width(text) > cells:
        kept = ""
        for one in text:
            if width(kept + one) > cells - 1:
                break
            kept += one
        text = f"{kept}…" if cells > 0 else ""
    return text + " " * (cells - width(text))


def heading(text: str) -> str:
    """Text that stands above others."""
    return click.style(text, bold=True)
