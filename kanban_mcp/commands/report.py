"""`kanban-mcp report BOARD`: the flow of a board as Markdown, as a page, or as a picture."""

import sys
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from kanban_mcp.commands.database import database_option, opened, settings_of
from kanban_mcp.commands.flags import UNUSABLE
from kanban_mcp.commands.refusals import explained
from kanban_mcp.models.fields import Moment
from kanban_mcp.settings import Settings

FORMATS = ("md", "html", "svg")


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return TypeAdapter(Moment).validate_python(value) if value else None
    except ValidationError:
        raise click.BadParameter("must be a date or time like 2026-12-31 or 2026-12-31T17:00:00Z") from None


@click.command()
@click.argument("board")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the name of the file, else md.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; left out, it is printed.")
@click.option("--since", metavar="DATE", callback=_moment, help="Where the period begins. Default: 30 days ago.")
@click.option("--until", metavar="DATE", callback=_moment, help="Where it ends. Default: now.")
@click.option("--tag", metavar="TAG", help="Only tasks with this tag, or one below it.")
@database_option
@click.pass_context
def report(
    context: click.Context,
    /,
    board: str,
    form: str | None,
    output: Path | None,
    db: Path | None,
    **narrowed: str | None,
) -> None:
    """Report the flow of a board: cycle time, throughput, cumulative flow, ageing work, forecast.

    BOARD is an id or a name. A page (html) and a picture (svg) have charts; all have the figures.
    """
    chosen = settings_of(context, db=db)
    if output is not None and _is_of(output, chosen.db):
        raise click.BadParameter("is the database itself; name another file", param_hint="--output")
    wanted = form or (output.suffix.lstrip(".") if output and output.suffix.lstrip(".") in FORMATS else "md")
    with explained():
        text = _written(chosen, board, wanted, narrowed)
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        click.echo(f"kanban-mcp: {output}: {error.strerror}", err=True)
        sys.exit(UNUSABLE)


def _is_of(file: Path, db: Path) -> bool:
    """Whether a file is the database, or belongs to it."""
    parts = [db, *(db.with_name(db.name + end) for end in ("-wal", "-shm", ".lock"))]
    return file.resolve() in [part.resolve() for part in parts] or (
        file.exists() and any(part.exists() and file.samefile(part) for part in parts)
    )


def _written(chosen: Settings, board: str, form: str, narrowed: dict[str, str | None]) -> str:
    # Drawing is loaded by this command alone.
    from kanban_mcp.reports.html import html  # noqa: PLC0415
    from kanban_mcp.reports.markdown import markdown  # noqa: PLC0415
    from kanban_mcp.reports.picture import picture  # noqa: PLC0415
    from kanban_mcp.reports.report import report as measured  # noqa: PLC0415

    with opened(chosen) as app:
        found = measured(app, board, since=narrowed["since"], until=narrowed["until"], tag=narrowed["tag"])
    return {"md": markdown, "html": html, "svg": picture}[form](found)
