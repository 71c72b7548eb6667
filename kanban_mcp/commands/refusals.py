"""How a command says that it was refused, and ends."""

import contextlib
import sys
from collections.abc import Iterator

import click

from kanban_mcp.commands.flags import UNUSABLE
from kanban_mcp.commands.words import typed
from kanban_mcp.errors import KanbanError, Unusable

FAILED = 1
"""Exit code of a command that was refused, and changed nothing."""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Ends the command when it is refused: what is so on stderr, below it what to do, in the words that people type."""
    try:
        yield
    except KanbanError as error:
        click.echo(f"kanban-mcp: {error.message}", err=True)
        for line in (error.current or {}).get("difference", []):
            click.echo(f"  {line}", err=True)
        if error.hint:
            click.echo(f"  {typed(error.hint)}", err=True)
        sys.exit(UNUSABLE if isinstance(error, Unusable) else FAILED)
