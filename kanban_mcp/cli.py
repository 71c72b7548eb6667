"""The command line: flags become Settings, Settings become a transport."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import click

from kanban_mcp import __version__
from kanban_mcp.app import App, open_app
from kanban_mcp.commands.flags import UNUSABLE, common
from kanban_mcp.commands.flags import settings as settings_of
from kanban_mcp.commands.group import LazyGroup
from kanban_mcp.errors import Busy, Unusable
from kanban_mcp.settings import Settings

COMMANDS = {
    "board": "people:board",
    "task": "people:task",
    "note": "people:note",
    "tag": "people:tag",
    "search": "people:search",
    "changes": "people:changes",
    "undo": "people:undo",
    "report": "report:report",
    "keys": "keys:keys",
    "export": "exporting:export",
    "import": "importing:import_",
    "backup": "backup:backup",
    "restore": "restore:restore",
    "doctor": "doctor:doctor",
    "watch": "watch:watch",
    "config": "config:config",
    "completion": "completion:completion",
}
"""Commands for people, in the order of help, each with its file in `commands/`."""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="kanban-mcp")
@common
@click.pass_context
def main(context: click.Context, /, **flags: Any) -> None:
    """A kanban board that AI agents can trust. Without a command it serves one agent over stdin and stdout."""
    context.obj = flags
    if context.invoked_subcommand is None:
        _serve_stdio(settings_of(**flags))


@main.command()
@common
@click.pass_obj
def stdio(outer: dict[str, Any], /, **flags: Any) -> None:
    """Serve one agent over stdin and stdout."""
    given = {name: value for name, value in flags.items() if value is not None}
    _serve_stdio(settings_of(**{**outer, **given}))


@main.command()
@click.option("--host", metavar="ADDRESS", help="The address to listen on. Default: 127.0.0.1.")
@click.option("--port", type=int, help="The port. Default: 8765; 0 takes a free one.")
@click.option("--allowed-hosts", metavar="HOSTS", help="Further names the server goes by, with commas between.")
@click.option("--allowed-origins", metavar="ORIGINS", help="Origins whose pages may call, with commas between.")
@click.option("--trusted-proxies", metavar="ADDRESSES", help="Proxies to believe who calls, with commas between.")
@click.option("--rate-limit", type=int, help="Requests a minute of each caller. Default: 1000; 0 for no limit.")
@common
@click.pass_obj
def serve(outer: dict[str, Any], /, **flags: Any) -> None:
    """Serve many over HTTP: MCP at /mcp."""
    from kanban_mcp.transport import http  # noqa: PLC0415

    given = {name: value for name, value in flags.items() if value is not None}
    _serve(settings_of(**{**outer, **given}), http.serve)


def _serve_stdio(settings: Settings) -> None:
    from kanban_mcp.transport import stdio  # noqa: PLC0415

    _serve(settings, stdio.serve_app)


def _serve(settings: Settings, transport: Callable[[App], Awaitable[None]]) -> None:
    from kanban_mcp.transport import logs  # noqa: PLC0415

    logs.configure(settings.log_level)
    try:
        with open_app(settings) as app:
            anyio.run(transport, app)
    except (Busy, Unusable) as error:
        click.echo(f"kanban-mcp: {settings.db}: {error.message} {error.hint}", err=True)
        sys.exit(UNUSABLE)


@main.command()
def demo() -> None:
    """Watch two agents work a board until it is done; nothing stays on disk."""
    from kanban_mcp.transport.demo import demo as run  # noqa: PLC0415

    sys.exit(0 if anyio.run(run, click.echo) else 1)
