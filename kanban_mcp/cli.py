"""The command line: flags become Settings, Settings become a transport."""

import asyncio
import contextlib
import functools
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import anyio
import click

from kanban_mcp import __version__
from kanban_mcp.commands.flags import UNUSABLE, common
from kanban_mcp.commands.flags import settings as settings_of
from kanban_mcp.commands.group import LazyGroup
from kanban_mcp.errors import Busy, Unreachable, Unusable
from kanban_mcp.loading import loading
from kanban_mcp.opening import Opened, opening
from kanban_mcp.settings import Settings

if TYPE_CHECKING:
    from kanban_mcp.app import App

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

ON_A_TERMINAL = (
    "kanban-mcp: an MCP server, which waits for a client to speak on stdin; Ctrl-C ends it.\n"
    "  `kanban-mcp demo` shows what it does, `kanban-mcp --help` what else there is."
)
"""Said to someone who types the bare name; a client starts a server through pipes."""


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
@click.option("--open", "opening", is_flag=True, help="Open the board in a browser.")
@click.option("--demo", "demonstrating", is_flag=True, help="Serve a board to look at, in a file that goes at the end.")
@common
@click.pass_obj
def serve(outer: dict[str, Any], /, *, opening: bool, demonstrating: bool, **flags: Any) -> None:
    """Serve many over HTTP: MCP at /mcp, the board in a browser at /."""
    given = {**outer, **{name: value for name, value in flags.items() if value is not None}}
    if not demonstrating:
        _serve_http(settings_of(**given), opening="/" if opening else None)
    elif given.get("db") is not None:
        raise click.UsageError("--demo serves a file of its own; leave --db out, or --demo.")
    else:
        _serve_demo(given, opening="/boards/1" if opening else None)


def _serve_demo(given: dict[str, Any], opening: str | None) -> None:
    from kanban_mcp.commands.looking import demo_file  # noqa: PLC0415
    from kanban_mcp.demo import agents, story  # noqa: PLC0415

    with demo_file() as db:
        settings = settings_of(**{**given, "db": db, "board": story.BOARD})
        _serve_http(settings, opening=opening, beside=None if settings.read_only else agents.go_on)


def _serve_http(
    settings: Settings, *, opening: str | None, beside: "Callable[[App], Awaitable[None]] | None" = None
) -> None:
    """Serve until a signal; `opening` is the page to show first, `beside` what goes on as long."""

    with loading():
        from kanban_mcp.transport.server import http  # noqa: PLC0415

    def listening(address: str) -> None:
        if opening is not None:
            from kanban_mcp.commands.looking import open_browser  # noqa: PLC0415

            open_browser(address + opening)

    async def served(app: "App") -> None:
        # Ended with the loop; in a group, what refuses to start would come as a group of errors.
        going = asyncio.ensure_future(beside(app)) if beside is not None else None
        await http.serve(app, listening)
        if going is not None:
            going.cancel()

    with _opened(settings) as opened:
        anyio.run(served, _assembled(opened))


def _serve_stdio(settings: Settings) -> None:
    from kanban_mcp.transport.stdio import stdio  # noqa: PLC0415

    with _opened(settings) as opened:
        if sys.stdin is not None and sys.stdin.isatty():
            click.echo(ON_A_TERMINAL, err=True)
        anyio.run(stdio.serve_app, settings, functools.partial(_assembled, opened))


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Opened]:
    """The file, to serve it; ends with a line on stderr where it cannot be served."""
    from kanban_mcp.transport import logs  # noqa: PLC0415

    logs.configure(settings.log_level)
    try:
        with opening(settings) as opened:
            yield opened
    except (Busy, Unusable) as error:
        about = "" if isinstance(error, Unreachable) else f"{settings.db}: "
        click.echo(f"kanban-mcp: {about}{error.message} {error.hint}", err=True)
        sys.exit(UNUSABLE)


def _assembled(opened: Opened) -> "App":
    """All there is, on an open file. It takes four fifths of a start to load, and to list tools needs none of it."""
    with loading():
        from kanban_mcp.app import assembled  # noqa: PLC0415
    return assembled(opened)


@main.command()
def demo() -> None:
    """Watch two agents work a board until it is done; nothing stays on disk."""
    from kanban_mcp.transport.demo import demo as run  # noqa: PLC0415

    sys.exit(0 if anyio.run(run, click.echo) else 1)
