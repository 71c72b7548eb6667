"""`kanban-mcp completion`: the script that makes a shell complete commands, boards, statuses, tasks and tags."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    bash: put `eval "$(kanban-mcp completion bash)"` into ~/.bashrc; zsh: the same with zsh into ~/.zshrc; fish:
    `kanban-mcp completion fish > ~/.config/fish/completions/kanban-mcp.fish`.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "kanban-mcp", "_KANBAN_MCP_COMPLETE").source())
