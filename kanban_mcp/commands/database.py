"""What commands on a database file have in common: the flag that names it, and how its errors are said."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from kanban_mcp.app import App, open_app
from kanban_mcp.commands.flags import UNUSABLE, settings
from kanban_mcp.errors import KanbanError, Unusable
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

FAILED = 1
"""Exit code of a command that was refused, and changed nothing."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def database_option(command: _Command) -> _Command:
    """`--db`."""
    return click.option("--db", type=click.Path(path_type=Path, dir_okay=False), help="The database file.")(command)


def settings_of(context: click.Context, **flags: Any) -> Settings:
    """Settings of a command: its own flags, else those before its name, else variables."""
    return settings(**{**(context.obj or {}), **{name: value for name, value in flags.items() if value is not None}})


@contextlib.contextmanager
def opened(chosen: Settings) -> Iterator[App]:
    """Everything open over the file; what is refused is said on one line, and ends the command."""
    with explained(), open_app(chosen) as app:
        yield app


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Ends the command with the error's own words when it is refused."""
    try:
        yield
    except KanbanError as error:
        click.echo(f"kanban-mcp: {error.message} {error.hint}".rstrip(), err=True)
        for line in (error.current or {}).get("difference", []):
            click.echo(f"  {line}", err=True)
        sys.exit(UNUSABLE if isinstance(error, Unusable) else FAILED)


def acting(chosen: Settings) -> Caller:
    """In whose name a command is logged."""
    return Caller(chosen.actor or "kanban-mcp")
