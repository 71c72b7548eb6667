"""`kanban-mcp config CLIENT`: the configuration that connects a client, printed or put where it belongs."""

import difflib
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from kanban_mcp.commands.clients import CLIENTS, merged
from kanban_mcp.commands.flags import settings
from kanban_mcp.commands.refusals import FAILED, explained


@click.command()
@click.argument("client", type=click.Choice(list(CLIENTS)))
@click.option("--project", is_flag=True, help="For the project in this folder, not for all of yours.")
@click.option("--board", metavar="BOARD", help="The board meant by calls that name none.")
@click.option("--actor", metavar="NAME", help="In whose name the client's calls are logged.")
@click.option("--db", type=click.Path(path_type=Path, dir_okay=False), help="The database file.")
@click.option("--write", is_flag=True, help="Show what would change in the client's file, ask, and write it.")
@click.option("--yes", is_flag=True, help="With --write: do not ask.")
@click.pass_context
def config(context: click.Context, /, client: str, project: bool, write: bool, yes: bool, **own: Any) -> None:
    """Print the configuration that connects a client; with --write, put it where the client looks for it.

    Other entries of the file are kept, and a copy of it as it was.
    """
    flags = {**(context.obj or {}), **{name: value for name, value in own.items() if value is not None}}
    settings(**flags)
    file, entry = _file(client, project), _entry(flags)
    try:
        with explained():
            if not write:
                click.echo(f"{file}:", err=True)
                click.echo(merged(CLIENTS[client], "", entry), nl=False)
            elif _wanted(file, client, entry, yes):
                click.echo(f"Written. Restart {CLIENTS[client].title}, or reload its servers.", err=True)
    except OSError as error:
        click.echo(f"kanban-mcp: {file}: {error.strerror}", err=True)
        sys.exit(FAILED)


def _file(name: str, project: bool) -> Path:
    """Where a client keeps its configuration; for its only place `--project` may be left out, or not be given."""
    client = CLIENTS[name]
    if project and client.project is None:
        raise click.BadParameter(f"{client.title} has one file for all projects.", param_hint="--project")
    if client.user is not None and not project:
        return client.user()
    assert client.project is not None
    return client.project(Path.cwd())


def _entry(flags: dict[str, Any]) -> dict[str, Any]:
    """The command with its whole path, since clients start it without a shell's, and the flags as given."""
    program = Path(sys.argv[0])
    found = shutil.which(str(program)) if program.stem == "kanban-mcp" else None
    command = [str(Path(found).absolute())] if found else [sys.executable, "-m", "kanban_mcp"]
    return {"command": command[0], "args": [*command[1:], *_typed(flags)]}


def _typed(flags: dict[str, Any]) -> list[str]:
    """Flags as they are typed, a path from its root."""
    words: list[str] = []
    for name, value in flags.items():
        if value is None or value is False:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(str(value.expanduser().absolute()) if isinstance(value, Path) else str(value))
    return words


def _wanted(file: Path, client: str, entry: dict[str, Any], yes: bool) -> bool:
    """Write the configuration after its difference was shown and agreed to; whether that was done."""
    file = file.resolve()
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    after = merged(CLIENTS[client], before, entry)
    if after == before:
        click.echo(f"{file} is so already.", err=True)
        return False
    difference = difflib.unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), "", "", 3, "")
    click.echo("\n".join(difference))
    if not yes:
        if not sys.stdin.isatty():
            click.echo("kanban-mcp: nothing was written; say --yes where nobody can be asked.", err=True)
            sys.exit(FAILED)
        if not click.confirm("Write this?", err=True):
            sys.exit(FAILED)
    _put(file, after)
    return True


def _put(file: Path, text: str) -> None:
    """The text in the file's place at once, with a copy of what was there beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        if file.exists():
            shutil.copymode(file, name)
            shutil.copy2(file, file.with_name(f"{file.name}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.backup"))
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
