"""The operations as people type them: `kanban-mcp board list`, `kanban-mcp task add ...`."""

import functools
from pathlib import Path

import click

from kanban_mcp.batch import Batch
from kanban_mcp.catalog import work
from kanban_mcp.commands.parameters import parameters
from kanban_mcp.commands.running import run
from kanban_mcp.commands.words import ALONE, NOUNS, Word, typed
from kanban_mcp.operations import Operation
from kanban_mcp.services.services import Services
from kanban_mcp.store.bench import Bench
from kanban_mcp.store.store import Store


@functools.cache
def described() -> dict[str, Operation]:
    """The operations by name, over no file: enough to say what they take."""
    store = Store(Bench(Path("none")))
    batch = Batch(store, lambda name: described()[name])
    return {operation.name: operation for operation in work(Services(store), batch)}


def command(name: str, word: Word) -> click.Command:
    """The command of an operation."""
    operation = described()[word.operation]
    common = [
        click.Option(["--json", "as_json"], is_flag=True, help="JSON, as when the output goes to a program."),
        click.Option(["--table", "as_table"], is_flag=True, help="A table, as on a terminal."),
        click.Option(["--no-color"], is_flag=True, help="No colors; the variable NO_COLOR says the same."),
        click.Option(["--db"], type=click.Path(path_type=Path, dir_okay=False), help="The database file."),
    ]
    if "actor" not in operation.arguments.model_fields:
        common.append(click.Option(["--actor", "logged_as"], metavar="NAME", help="In whose name it is logged."))
    if word.operation == "list_changes":
        common.append(click.Option(["--follow"], is_flag=True, help="Go on with what happens, until interrupted."))
    if operation.effect == "destroy":
        common.append(click.Option(["--yes"], is_flag=True, help="Do not ask."))
    return click.Command(
        name,
        params=[*(one for one in parameters(operation, word) if one.name != "confirm"), *common],
        help=typed(operation.description.replace("\n", "\n\n")),
        callback=functools.partial(run, operation),
    )


class Noun(click.Group):
    """The verbs of a noun; each is made when it is asked for."""

    def __init__(self, name: str, help: str, verbs: dict[str, Word]) -> None:
        super().__init__(name, help=help)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, as they are listed in `words`."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A verb's command."""
        word = self._verbs.get(cmd_name)
        return None if word is None else command(cmd_name, word)


board, task, note, tag = (Noun(name, help, verbs) for name, (help, verbs) in NOUNS.items())
search, changes, undo = (command(name, word) for name, word in ALONE.items())
