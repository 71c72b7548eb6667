"""`kanban-mcp restore`."""

from pathlib import Path

import click

from kanban_mcp.commands.database import database_option, settings_of
from kanban_mcp.commands.refusals import explained
from kanban_mcp.errors import Conflict
from kanban_mcp.files import beside
from kanban_mcp.store.database import copy_database


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@database_option
@click.pass_context
def restore(context: click.Context, file: Path, db: Path | None) -> None:
    """Make a database of a backup: a new file, never over one that is there."""
    settings = settings_of(context, db=db)
    target = settings.db
    with explained():
        if target.with_name(target.name + "-wal").exists():
            raise Conflict(
                "Beside the new file lies the log of an old one, which would be taken for its own.",
                hint=f"Move {target.name}-wal away first, or choose another file with --db.",
            )
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder, name = beside(target)
        with folder.placing(name) as temporary:
            copy_database(file, temporary)
    click.echo(f"{target}: {target.stat().st_size} bytes, sound")
