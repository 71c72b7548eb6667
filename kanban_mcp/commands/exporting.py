"""`kanban-mcp export`."""

import sys
from pathlib import Path
from typing import get_args

import click

from kanban_mcp.commands.database import acting, database_option, opened, settings_of
from kanban_mcp.commands.refusals import explained
from kanban_mcp.files import beside
from kanban_mcp.services.exports import ExportFormat

_FORMATS: dict[str, ExportFormat] = {".csv": "csv", ".md": "markdown"}


@click.command("export")
@click.argument("board")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The new file; - for stdout.")
@click.option(
    "--format",
    "form",
    type=click.Choice(get_args(ExportFormat)),
    help="jsonl is whole and the default; csv and markdown are for people, and the default for .csv and .md.",
)
@database_option
@click.pass_context
def export(context: click.Context, board: str, output: Path, form: ExportFormat | None, db: Path | None) -> None:
    """Write a board into a file."""
    settings = settings_of(context, db=db)
    chosen: ExportFormat = form or _FORMATS.get(output.suffix, "jsonl")
    with explained(), opened(settings) as app, app.database.reading(acting(settings)):
        found = app.services.boards.resolve(board)
        if str(output) == "-":
            for part in app.services.exports.parts(found, chosen):
                sys.stdout.buffer.write(part.encode())
            sys.stdout.buffer.flush()
            return
        done = app.services.exports.write(found, chosen, *beside(output))
        click.echo(f"{found.name}: {done.tasks} tasks, {done.bytes} bytes in {output}", err=True)
