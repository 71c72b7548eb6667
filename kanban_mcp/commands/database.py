"""What commands on a database file have in common: the flag that names it, its settings, and the app over it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from kanban_mcp.app import App, open_app
from kanban_mcp.commands.flags import settings
from kanban_mcp.errors import Unusable
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.toolset import TOOLSETS
from kanban_mcp.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


def database_option(command: _Command) -> _Command:
    """`--db`."""
    return click.option("--db", type=click.Path(path_type=Path, dir_okay=False), help="The database file.")(command)


def settings_of(context: click.Context, **flags: Any) -> Settings:
    """Settings of a command: its own flags, else those before its name, else variables."""
    own = {name: value for name, value in flags.items() if value is not None}
    return settings(**{**context.find_root().params, **own})


@contextlib.contextmanager
def opened(chosen: Settings, *, making: bool = False) -> Iterator[App]:
    """The app over a file, which is there already unless the command may be `making` it. Raises Unusable."""
    if not making and not chosen.db.exists():
        raise Unusable(f"There is no database file {chosen.db}.", hint="Choose another with --db, or `board add` one.")
    with open_app(replace(chosen, toolsets=TOOLSETS)) as app:
        yield app


def acting(chosen: Settings) -> Caller:
    """In whose name a command is logged."""
    return Caller(chosen.actor or "kanban-mcp")
