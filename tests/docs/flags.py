"""The flags that commands take, for the tests of pages."""

import functools

import click


@functools.cache
def options(command: click.Command) -> set[str]:
    """The flags of a command and of those below it."""
    own = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*map(options, below(command)))


def below(command: click.Command) -> list[click.Command]:
    """The commands of a group."""
    if not isinstance(command, click.Group):
        return []
    context = click.Context(command)
    found = (command.get_command(context, name) for name in command.list_commands(context))
    return [one for one in found if one is not None]
