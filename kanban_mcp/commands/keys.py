"""`kanban-mcp keys`: who may speak over HTTP. Whoever may write the file may make keys to it."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import TypeAdapter, ValidationError

from kanban_mcp.app import App
from kanban_mcp.commands.database import database_option, opened, settings_of
from kanban_mcp.commands.refusals import explained
from kanban_mcp.models.caller import Caller, Scope
from kanban_mcp.models.fields import Actor, Moment
from kanban_mcp.models.key import SCOPES, Key
from kanban_mcp.store.clock import later, stamp

_DAY = 24 * 3600
_COLUMNS = ("ID", "ACTOR", "SCOPE", "BOARDS", "CREATED", "EXPIRES", "LAST USED", "STATE")

_T = TypeVar("_T")


def _checked(type_: Any) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that checks a flag as an argument of that type."""

    def check(_: click.Context, __: click.Parameter, value: Any) -> Any:
        try:
            return TypeAdapter(type_).validate_python(value)
        except ValidationError as error:
            raise click.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, ")) from None

    return check


def _end(_: click.Context, __: click.Parameter, value: str | None) -> str | float | None:
    """A number of days as seconds, or a moment."""
    if value is None or not (days := re.fullmatch(r"(\d{1,5})d", value)):
        return None if value is None else str(_checked(Moment)(_, __, value))
    return float(days[1]) * _DAY


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of a database file."""


@keys.command()
@click.option("--actor", required=True, callback=_checked(Actor), help="In whose name its calls are logged.")
@click.option("--scope", type=click.Choice(list(SCOPES)), default="write", help="What it may do. Default: write.")
@click.option("--board", "boards", multiple=True, help="A board it is limited to; may be repeated.")
@click.option("--expires", metavar="WHEN", callback=_end, help="Days, as 90d, or a date. Default: never.")
@database_option
@click.pass_context
def create(
    context: click.Context,
    actor: str,
    scope: Scope,
    boards: tuple[str, ...],
    expires: str | float | None,
    db: Path | None,
) -> None:
    """Make a key and print it, once: only a hash of it is kept."""
    with explained(), opened(settings_of(context, db=db), making=True) as app:
        end = later(stamp(app.database.clock()), expires) if isinstance(expires, float) else expires
        make = functools.partial(app.services.keys.create, actor, scope, boards=boards, expires_at=end)
        key, text = _written(app, make)
    click.echo(text)
    click.echo(f"Key {key.id} of {actor} may {scope}. It is not shown again.", err=True)
    click.echo("Over HTTP every request needs a key from now on, also from this machine.", err=True)


@keys.command("list")
@database_option
@click.pass_context
def list_(context: click.Context, db: Path | None) -> None:
    """List the keys, without their secrets."""
    with explained(), opened(settings_of(context, db=db), making=True) as app, app.database.reading():
        rows = [_COLUMNS, *(_row(key, stamp(app.database.clock())) for key in app.services.keys.all())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@keys.command()
@click.argument("key")
@database_option
@click.pass_context
def revoke(context: click.Context, key: str, db: Path | None) -> None:
    """End a key, by its id or whole, at once and in every server on the file."""
    with explained(), opened(settings_of(context, db=db), making=True) as app:
        ended = _written(app, lambda: app.services.keys.revoke(key))
        with app.database.reading():
            closed = not app.services.keys.any_usable()
    click.echo(f"Key {ended.id} of {ended.actor} is revoked.", err=True)
    if closed:
        again = "`kanban-mcp keys create --actor NAME` makes one"
        click.echo(f"No key is left: nobody may call over HTTP until {again}.", err=True)


def _written(app: App, run: Callable[[], _T]) -> _T:
    return app.writer.submit(run, caller=Caller("kanban-mcp")).result()


def _row(key: Key, now: str) -> tuple[str, ...]:
    state = "revoked" if key.revoked_at else "usable" if key.usable_at(now) else "expired"
    boards = "all" if key.boards is None else ",".join(map(str, key.boards))
    times = [moment[:16] if moment else "-" for moment in (key.created_at, key.expires_at, key.last_used_at)]
    return (key.id, key.actor, key.scope, boards, *times, state)
