"""What readers are told to type, start and look into is there, and does what the page says."""

import json
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from kanban_mcp.app import App
from kanban_mcp.cli import main
from kanban_mcp.settings import Settings
from tests.transport.clients import client_of, structure

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
INDEX = ROOT / "docs/README.md"
OF_OTHERS = {"--scope"}
"""Flags in pages that are not ours, beside those of the Inspector, which stand behind `--method`."""


def options(command: click.Command) -> set[str]:
    """The flags of a command and of those below it."""
    own = {option for parameter in command.params for option in parameter.opts}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*map(options, below))


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str = "") -> list[str]:
    """The fenced blocks of a page that are in a language, or in none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [text for kind, text in found if kind == language]


def links(page: Path) -> list[tuple[Path, str]]:
    """Where a page leads within the repository: files, and headings in them."""
    found = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text())
    return [((page.parent / link).resolve() if link else page, anchor) for link, anchor in found if "://" not in link]


# Finding one's way


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    front = {INDEX}
    while front:
        reached |= front
        front = {path for page in front for path, _ in links(page) if path.suffix == ".md"} - reached
    assert [name_of(page) for page in PAGES if page.is_relative_to(INDEX.parent) and page not in reached] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_into_pages_lead_to_headings(page: Path) -> None:
    for path, anchor in links(page):
        headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if anchor else []
        known = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert not anchor or anchor in known, f"{name_of(path)}#{anchor}"


def test_the_readme_can_be_read_in_a_sitting() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_named_in_pages_exist(page: Path) -> None:
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py|\.toml))`", page.read_text())
    places = (page.parent, ROOT, ROOT / "kanban_mcp")
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


# Flags, variables, calls


def commands() -> Iterator[tuple[str, list[str]]]:
    """What stands behind `kanban-mcp` on each line for a shell, up to what is the Inspector's."""
    for page in PAGES:
        for line in "".join(blocks(page)).replace("\\\n", "").splitlines():
            before, program, after = line.partition("kanban-mcp ")
            if program and before.endswith(("/", " ")):
                yield name_of(page), shlex.split(after.partition("--method")[0])


def check_understood(arguments: list[str]) -> None:
    """Parse a command line as the program does, without starting it."""
    given = main.make_context("kanban-mcp", list(arguments)).params
    Settings(**{name: value for name, value in given.items() if value is not None})


def test_commands_in_pages_are_understood() -> None:
    found = list(commands())
    assert {"README.md", "docs/howto/connect-a-client.md", "docs/tutorial/first-board.md"} <= {
        page for page, _ in found
    }
    for _, arguments in found:
        check_understood(arguments)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_flags_in_the_text_are_understood(page: Path) -> None:
    for flags in re.findall(r"`(--[a-z][^`]*)`", page.read_text()):
        arguments = shlex.split(flags)
        known = options(main) | OF_OTHERS
        assert {argument for argument in arguments if argument.startswith("--")} <= known, flags
        if len(arguments) > 1 and not OF_OTHERS & set(arguments) and not any(map(str.isupper, arguments)):
            check_understood(arguments)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_variables_in_pages_are_settings(page: Path) -> None:
    named = set(re.findall(r"KANBAN_([A-Z]+(?:_[A-Z]+)*)", page.read_text()))
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_calls_shown_in_pages_are_understood(app: App, page: Path) -> None:
    for line in "".join(blocks(page)).splitlines():
        if call := re.fullmatch(r"(?:\w+: )?([a-z_]+) (\{.*\})", line):
            app.catalog[call[1]].checked(json.loads(call[2]))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_arguments_named_in_the_text_are_those_of_the_operation(app: App, page: Path) -> None:
    for name, arguments in re.findall(r"`([a-z]+_?[a-z_]+)\(([^`]*=[^`]*)\)`", page.read_text()):
        known = set(app.catalog[name].arguments.model_fields)
        assert set(re.findall(r"(\w+)=", arguments)) <= known, name


# Starting and copying


def servers() -> Iterator[Any]:
    """Each server that a client is told to start, with the page that tells it."""
    for page in PAGES:
        for block in blocks(page, "json"):
            configuration: dict[str, Any] = json.loads(block)
            for server in (configuration.get("mcpServers") or configuration["servers"]).values():
                yield pytest.param(server, id=f"{name_of(page)}-{server['args'][-1]}")


@pytest.mark.parametrize("server", list(servers()))
async def test_what_clients_are_told_to_start_serves(server: dict[str, Any], db: Path) -> None:
    assert server["command"] == "/path/to/.venv/bin/kanban-mcp"
    async with client_of(db, *server["args"], env={}) as client:
        assert len((await client.list_tools()).tools) == 24
        made = structure(await client.call_tool("create_board", {"name": "Plan"}))
        assert structure(await client.call_tool("get_board", {}))["id"] == made["id"]


async def test_the_program_that_backs_up_copies_what_a_running_server_has_acknowledged(
    db: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    async with client_of(db, env={}) as client:
        await client.call_tool("create_board", {"name": "Plan"})
        await client.call_tool("create_tasks", {"tasks": [{"title": f"task {number}"} for number in range(50)]})
        assert back_up(db, copy).stdout == "ok\n"
        assert not (await client.call_tool("create_task", {"title": "after the copy"})).is_error
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    async with client_of(copy, env={}) as client:
        health = structure(await client.call_tool("get_health", {"check": True}))
        board = structure(await client.call_tool("get_board", {"limit": 1}))
    assert (health["status"], board["tasks"]["total"]) == ("ok", 50)


def test_the_program_that_backs_up_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    assert back_up(tmp_path / "any.db", tmp_path / "kept").returncode != 0
    assert (tmp_path / "kept").read_text() == "kept"


def test_the_page_on_backing_up_shows_its_program() -> None:
    program = (ROOT / "docs/howto/back_up.py").read_text()
    assert program in blocks(ROOT / "docs/howto/back-up-and-move.md", "python")


def back_up(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """What the program of the page prints and returns."""
    return subprocess.run(
        [sys.executable, str(ROOT / "docs/howto/back_up.py"), str(source), str(target)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
