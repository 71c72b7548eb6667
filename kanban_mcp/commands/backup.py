"""`kanban-mcp backup`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from kanban_mcp.commands.database import database_option, settings_of
from kanban_mcp.commands.refusals import explained
from kanban_mcp.files import beside
from kanban_mcp.store.database import copy_database


@click.command()
@click.option("--output", type=click.Path(path_type=Path), help="The new file. Default: named after the present time.")
@database_option
@click.pass_context
def backup(context: click.Context, output: Path | None, db: Path | None) -> None:
    """Copy the database into a new file, also while servers write; the copy is checked."""
    settings = settings_of(context, db=db)
    target = output or Path(f"kanban-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")
    folder, name = beside(target)
    with explained(), folder.placing(name) as temporary:
        copy_database(settings.db, temporary)
    click.echo(f"{target}: {target.stat().st_size} bytes, sound")
