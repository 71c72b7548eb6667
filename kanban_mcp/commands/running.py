"""Runs an operation over the file for someone at a terminal, and shows what it answers."""

import asyncio
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kanban_mcp.app import App
from kanban_mcp.commands.database import opened, settings_of
from kanban_mcp.commands.refusals import explained
from kanban_mcp.commands.tables import shown
from kanban_mcp.commands.terminal import colored
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Operation

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
    chosen = settings_of(click.get_current_context(), db=db, actor=logged_as)
    arguments = _given(values)
    table = as_table or (sys.stdout.isatty() and not as_json)
    show = _tables(colored(no_color)) if table else _json
    if operation.effect == "destroy":
        # Who writes in a script says so once, who sits at a terminal is asked.
        arguments["confirm"] = yes or (sys.stdin.isatty() and click.confirm("Delete for good?", err=True))
    try:
        with explained(), opened(chosen, making=operation.name == "create_board") as app:
            call = _followed(app, operation, arguments, show) if follow else _called(app, operation, arguments, show)
            asyncio.run(call)
    except KeyboardInterrupt:
        sys.exit(0 if follow else 130)


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
