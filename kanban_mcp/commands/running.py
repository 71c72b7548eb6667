"""Runs an operation over the file for someone at a terminal, and shows what it answers."""

import asyncio
import getpass
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from kanban_mcp.app import App, open_app
from kanban_mcp.catalog import TOOLSETS
from kanban_mcp.commands.database import FAILED
from kanban_mcp.commands.flags import UNUSABLE, settings
from kanban_mcp.commands.tables import shown
from kanban_mcp.commands.terminal import colored
from kanban_mcp.commands.words import typed
from kanban_mcp.errors import KanbanError, Unusable
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Operation
from kanban_mcp.settings import Settings

WAIT = 30
"""Seconds in which one question for news may stay open."""


def run(
    operation: Operation,
    *,
    as_json: bool,
    as_table: bool,
    no_color: bool,
    db: Path | None,
    logged_as: str | None = None,
    follow: bool = False,
    yes: bool = False,
    **values: Any,
) -> None:
    """Carry an operation out and show its answer: a table on a terminal, JSON where a program reads."""
    chosen = settings_in(click.get_current_context(), db=db, actor=logged_as)
    arguments = _given(values)
    table = as_table or (sys.stdout.isatty() and not as_json)
    show = _tables(colored(no_color)) if table else _json
    if operation.effect == "destroy":
        # Who writes in a script says so once, who sits at a terminal is asked.
        arguments["confirm"] = yes or (sys.stdin.isatty() and click.confirm("Delete for good?", err=True))
    try:
        with opened(chosen, making=operation.name == "create_board") as app:
            call = _followed(app, operation, arguments, show) if follow else _called(app, operation, arguments, show)
            asyncio.run(call)
    except KeyboardInterrupt:
        sys.exit(0 if follow else 130)
    except KanbanError as error:
        refuse(error)


def settings_in(context: click.Context, **flags: Any) -> Settings:
    """Settings of a command: its own flags, else those before its name, else variables."""
    own = {name: value for name, value in flags.items() if value is not None}
    return settings(**{**context.find_root().params, **own})


def opened(chosen: Settings, *, making: bool = False) -> AbstractContextManager[App]:
    """The app over a file that is there. Raises Unusable."""
    if not making and not chosen.db.exists():
        raise Unusable(f"There is no database file {chosen.db}.", hint="Choose another with --db, or `board add` one.")
    return open_app(chosen.model_copy(update={"toolsets": TOOLSETS}))


def refuse(error: KanbanError) -> None:
    """Say on stderr what is so and what to do, and end: 1 when refused, 2 when the file cannot be used."""
    click.echo(f"kanban-mcp: {error.message}", err=True)
    if error.hint:
        click.echo(f"  {typed(error.hint)}", err=True)
    sys.exit(UNUSABLE if isinstance(error, Unusable) else FAILED)


def caller(app: App) -> Caller:
    """In whose name people's calls are logged: the user's, unless told otherwise."""
    if app.settings.actor:
        return Caller(app.settings.actor)
    try:
        return Caller(getpass.getuser())
    except (KeyError, OSError):
        return Caller("kanban-mcp")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments that were typed; several words of a query are one text."""
    typed = {name: value for name, value in values.items() if value is not None and value != ()}
    return {name: _plain(name, value) for name, value in typed.items()}


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    return " ".join(value) if name == "query" else list(value)


async def _called(app: App, operation: Operation, arguments: dict[str, Any], show: Callable[[Any], None]) -> None:
    answer = await app.runner.answer(operation.name, arguments, caller=caller(app), transport="cli")
    show(answer.value)


async def _followed(app: App, operation: Operation, arguments: dict[str, Any], show: Callable[[Any], None]) -> None:
    """Pages of the log one after another, each when it is there."""
    while True:
        asked = {**arguments, "wait": WAIT} if "since" in arguments else arguments
        page = (await app.runner.answer(operation.name, asked, caller=caller(app), transport="cli")).value
        if page["rows"]:
            show({key: page[key] for key in ("columns", "rows")})
        arguments = {**arguments, "since": page["next"]}


def _json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _tables(color: bool) -> Callable[[Any], None]:
    return lambda value: click.echo(shown(value), color=color)
