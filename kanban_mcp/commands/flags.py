"""The flags that all commands have, and the settings they make."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic_core import ValidationError

from kanban_mcp.settings import Settings

UNUSABLE = 2
"""Exit code when the server cannot start: bad settings, or a file it cannot serve."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def common(command: _Command) -> _Command:
    """Give a command the flags that all have."""
    for option in (
        click.option("--read-only", is_flag=True, default=None, help="Offer no operation that writes."),
        click.option("--toolsets", metavar="NAMES", help="Toolsets to offer, with commas between; or all."),
        click.option("--actor", metavar="NAME", help="In whose name calls are logged. Default: the client's name."),
        click.option("--durability", type=click.Choice(["normal", "full"]), help="full survives a power cut."),
        click.option("--redis-url", metavar="URL", help="A Redis to share cached answers through."),
        click.option("--files", type=click.Path(path_type=Path, file_okay=False), help="The folder callers may use."),
        click.option("--board", metavar="BOARD", help="The board meant by calls that name none."),
        click.option("--db", type=click.Path(path_type=Path, dir_okay=False), help="The database file."),
    ):
        command = option(command)
    return command


def settings(**flags: Any) -> Settings:
    """Settings from flags and variables; what is wrong with them is said in one line a problem."""
    try:
        return Settings.gathered(flags, os.environ)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0]) if problem["loc"] else "settings"
            click.echo(f"kanban-mcp: {name}: {problem['msg'].removeprefix('Value error, ')}", err=True)
        sys.exit(UNUSABLE)
