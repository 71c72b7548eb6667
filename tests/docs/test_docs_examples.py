"""What readers are told to type, start and look into is there, and does what the page says."""

import json
import re
import shlex
import stat
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from kanban_mcp.app import App
from kanban_mcp.cli import main
from kanban_mcp.settings import Settings
from tests.conftest import Call
from tests.docs.flags import options
from tests.transport.clients import client_of, structure

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
INDEX = ROOT / "docs/README.md"
OF_OTHERS = {"--scope"}
"""Flags in pages that are not ours, beside those of the Inspector, which stand behind `--method`."""


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
    places = (page.parent, ROOT, ROOT / "kanban_mcp", ROOT / "kanban_mcp/transport")
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
    outer = main.make_context("kanban-mcp", list(arguments))
    Settings(**{name: value for name, value in outer.params.items() if value is not None})
    context: click.Context = outer
    command: click.Command = main
    while isinstance(command, click.Group) and context._protected_args:
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert name is not None and found is not None
        command = found
        context = command.make_context(name, rest, parent=context)


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
        own = {option for parameter in main.params for option in parameter.opts}
        used = {argument for argument in arguments if argument.startswith("--")}
        assert used <= options(main) | OF_OTHERS, flags
        if len(arguments) > 1 and used <= own and not any(map(str.isupper, arguments)) and "[" not in flags:
            check_understood(arguments)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_variables_in_pages_are_settings(page: Path) -> None:
    named = set(re.findall(r"KANBAN_([A-Z]+(?:_[A-Z]+)*)", page.read_text()))
    assert named <= {field.name.upper() for field in fields(Settings)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_calls_shown_in_pages_are_understood(offering: App, page: Path) -> None:
    for line in "".join(blocks(page)).splitlines():
        if call := re.fullmatch(r"(?:\w+: )?([a-z_]+) (\{.*\})", line):
            offering.catalog[call[1]].checked(json.loads(call[2]))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_arguments_named_in_the_text_are_those_of_the_operation(offering: App, page: Path) -> None:
    for name, arguments in re.findall(r"`([a-z]+_?[a-z_]+)\(([^`]*=[^`]*)\)`", page.read_text()):
        known = set(offering.catalog[name].arguments.model_fields)
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


async def test_the_command_that_backs_up_copies_what_a_running_server_has_acknowledged(
    db: Path, tmp_path: Path
) -> None:
    copy, restored = tmp_path / "copy.db", tmp_path / "restored.db"
    async with client_of(db, env={}) as client:
        await client.call_tool("create_board", {"name": "Plan"})
        await client.call_tool("create_tasks", {"tasks": [{"title": f"task {number}"} for number in range(50)]})
        assert run("backup", "--db", str(db), "--output", str(copy)).exit_code == 0
        assert not (await client.call_tool("create_task", {"title": "after the copy"})).is_error
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert run("restore", str(copy), "--db", str(restored)).exit_code == 0
    async with client_of(restored, env={}) as client:
        health = structure(await client.call_tool("get_health", {"check": True}))
        board = structure(await client.call_tool("get_board", {"limit": 1}))
    assert (health["status"], board["tasks"]["total"]) == ("ok", 50)


async def test_the_commands_that_export_and_import_do_what_the_page_says(app: App, call: Call, tmp_path: Path) -> None:
    await call("create_board", name="Alpha")
    await call("create_task", title="=1+1", board="Alpha")
    db, other = str(app.database.path), str(tmp_path / "other.db")
    for ending, said in (("jsonl", '{"type":"header"'), ("csv", "id,title"), ("md", "# Alpha")):
        file = tmp_path / f"alpha.{ending}"
        assert run("export", "Alpha", "--output", str(file), "--db", db).exit_code == 0
        assert file.read_text().startswith(said)
        assert run("export", "Alpha", "--output", str(file), "--db", db).exit_code == 1
    whole = str(tmp_path / "alpha.jsonl")
    assert run("export", "Alpha", "--output", "-", "--db", db).stdout == (tmp_path / "alpha.jsonl").read_text()
    assert "+ board 'Alpha' with 1 tasks" in run("import", whole, "--dry-run", "--db", other).output
    assert "imported: 1 tasks" in run("import", whole, "--db", other).output
    assert "nothing changed" in run("import", whole, "--db", other).output
    assert "board 2 'Beta' imported" in run("import", whole, "--name", "Beta", "--db", other).output
    assert run("import", str(tmp_path / "none.jsonl"), "--db", other).exit_code == 1
    assert run("import", str(tmp_path / "no folder/none.jsonl"), "--db", other).exit_code == 1


def run(*arguments: str) -> Result:
    """What a command prints and returns."""
    return CliRunner().invoke(main, arguments)
