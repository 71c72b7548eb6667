"""`kanban-mcp import`."""

import sys
from pathlib import Path
from typing import get_args

import click

from kanban_mcp.commands.database import acting, database_option, opened, settings_of
from kanban_mcp.commands.refusals import explained
from kanban_mcp.files import beside
from kanban_mcp.importers.detection import Kind, source_of
from kanban_mcp.models.exchange import Import
from kanban_mcp.progress import heard_by


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "kind", type=click.Choice(get_args(Kind)), default="auto", help="Which program wrote it.")
@click.option("--name", metavar="NAME", help="Another name for the board.")
@click.option("--dry-run", is_flag=True, help="Say what would be new, and write nothing.")
@database_option
@click.pass_context
def import_(context: click.Context, file: Path, kind: Kind, name: str | None, dry_run: bool, db: Path | None) -> None:
    """Read a board from a file, or from a folder of Backlog.md: all of it or nothing."""
    settings = settings_of(context, db=db)
    with explained(), opened(settings, making=True) as app, heard_by(_shown):
        source = source_of(*beside(file.resolve()), kind)
        with app.database.reading(acting(settings)):
            write = app.services.imports.prepared(source, name=name, dry_run=dry_run)
        done = app.writer.submit(write, caller=acting(settings)).result()
    for line in _said(done):
        click.echo(line)


def _said(done: Import) -> list[str]:
    if done.dry_run:
        return done.difference or ["nothing would change"]
    counts = f"{done.tasks} tasks, {done.notes} notes, {done.links} links, {done.changes} entries of history"
    what = "was imported before; nothing changed" if done.unchanged else f"imported: {counts}"
    more = ["  its ids were taken, so it has new ones"] if done.renumbered else []
    return [f"board {done.board_id} {done.name!r} {what}", *more, *(f"  left out: {line}" for line in done.left_out)]


def _shown(done: int, total: int) -> None:
    """How far it has come, on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {total}", err=True, nl=done == total)
