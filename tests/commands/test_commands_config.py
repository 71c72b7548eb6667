"""`kanban-mcp config`: what clients are given, and what becomes of the files they have."""

import json
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kanban_mcp.cli import main
from kanban_mcp.commands.clients import CLIENTS
from tests.commands.terminals import Terminal

Typed = Callable[..., Result]
PLACES = {
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".config/Code/User/mcp.json",
    "codex": ".codex/config.toml",
}
PROJECT = {
    "claude-code": ".mcp.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".vscode/mcp.json",
    "codex": ".codex/config.toml",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of a Linux user's, with a project in it to be in."""
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return tmp_path


@pytest.fixture
def typed(home: Path) -> Typed:
    """`kanban-mcp config` with its output piped."""
    return lambda *words: CliRunner().invoke(main, ["config", *words])


def server(file: Path, client: str) -> dict[str, Any]:
    """Our entry in a client's file."""
    text = file.read_text()
    whole = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    return dict(whole[CLIENTS[client].key]["kanban"])


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_printed_is_whole_and_names_the_file(typed: Typed, home: Path, client: str) -> None:
    result = typed(client, "--board", "Plan", "--actor", "ann", "--db", "here.db")
    assert result.exit_code == 0
    assert result.stderr.strip().removesuffix(":").startswith(str(home))
    whole = tomllib.loads(result.stdout) if client == "codex" else json.loads(result.stdout)
    entry = whole[CLIENTS[client].key]["kanban"]
    assert Path(entry["command"]).is_absolute()
    assert entry["args"][-6:] == ["--db", str(home / "project" / "here.db"), "--board", "Plan", "--actor", "ann"]
    assert not list(home.rglob("*.json"))


@pytest.mark.parametrize(("client", "place"), PLACES.items())
def test_it_is_written_where_the_client_looks(typed: Typed, home: Path, client: str, place: str) -> None:
    assert typed(client, "--board", "Plan", "--write", "--yes").exit_code == 0
    assert server(home / place, client)["args"][-2:] == ["--board", "Plan"]


@pytest.mark.parametrize(("client", "place"), PROJECT.items())
def test_it_is_written_for_a_project(typed: Typed, home: Path, client: str, place: str) -> None:
    assert typed(client, "--project", "--write", "--yes").exit_code == 0
    file = home / "project" / place
    assert ("type" in server(file, client)) == (client in ("claude-code", "vscode"))


OTHERS = {
    "cursor": (
        '{"mcpServers": {"other": {"command": "x"}, "kanban": {"command": "old"}}, "more": [1, "é"]}',
        {"mcpServers": {"other": {"command": "x"}}, "more": [1, "é"]},
    ),
    "codex": (
        '# mine\nmodel = "o9"  # the best\n\n[mcp_servers.kanban]\ncommand = "old"\n\n[mcp_servers.other]\nargs = [\n'
        '  "a",\n]\n',
        {"model": "o9", "mcp_servers": {"other": {"args": ["a"]}}},
    ),
}


@pytest.mark.parametrize("client", OTHERS)
def test_other_entries_stay_and_a_copy_is_kept(typed: Typed, home: Path, client: str) -> None:
    before, others = OTHERS[client]
    file = home / PLACES[client]
    file.parent.mkdir()
    file.write_text(before)
    file.chmod(0o640)
    result = typed(client, "--board", "Plan", "--write", "--yes")
    assert result.exit_code == 0
    assert "+" in result.stdout
    text = file.read_text()
    whole = tomllib.loads(text) if client == "codex" else json.loads(text)
    del whole[CLIENTS[client].key]["kanban"]
    assert whole == others
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    (copy,) = file.parent.glob("*.backup")
    assert copy.read_text() == before
    if client == "codex":
        assert text.startswith('# mine\nmodel = "o9"  # the best\n')
    again = typed(client, "--board", "Plan", "--write", "--yes")
    assert "is so already" in again.stderr
    assert list(file.parent.glob("*.backup")) == [copy]


@pytest.mark.parametrize(
    ("client", "content", "why"),
    [
        ("cursor", "{ // mine\n}", "is not plain JSON"),
        ("cursor", "[]", "has no object 'mcpServers'"),
        ("vscode", '{"servers": 5}', "has no object 'servers'"),
        ("codex", "= oops", "is not TOML"),
        ("codex", '[mcp_servers]\nkanban = { command = "x" }\n', "in a form of its own"),
        ("codex", '[mcp_servers.kanban.env]\nA = "b"\n', "in a form of its own"),
    ],
)
def test_what_cannot_be_read_is_not_written(typed: Typed, home: Path, client: str, content: str, why: str) -> None:
    file = home / PLACES[client]
    file.parent.mkdir(parents=True)
    file.write_text(content)
    result = typed(client, "--write", "--yes")
    assert result.exit_code == 1
    assert why in result.stderr
    assert [path.read_text() for path in file.parent.iterdir()] == [content]


def test_nothing_is_written_unasked(typed: Typed, home: Path, db: Path) -> None:
    result = typed("cursor", "--write")
    assert result.exit_code == 1
    assert "say --yes" in result.stderr
    for answer, code in (("n", 1), ("y", 0)):
        terminal = Terminal(db, "config", "cursor", "--write", HOME=str(home))
        try:
            terminal.until(lambda text: "Write this?" in text)
            assert not (home / ".cursor" / "mcp.json").exists()
            terminal.type(f"{answer}\n")
            assert terminal.ended() == code
        finally:
            terminal.close()
    assert server(home / ".cursor" / "mcp.json", "cursor")


def test_flags_are_checked_before_anything_is_written(typed: Typed, home: Path) -> None:
    assert typed("claude-desktop", "--project").exit_code == 2
    assert typed("cursor", "--board", "", "--write", "--yes").exit_code == 2
    assert typed("emacs").exit_code == 2
    assert not list(home.rglob("mcp.json"))


def test_the_installed_command_is_named_by_its_whole_path(home: Path) -> None:
    program = Path(sys.executable).with_name("kanban-mcp")
    printed = subprocess.run([program, "config", "cursor"], capture_output=True, text=True, check=True).stdout
    assert json.loads(printed)["mcpServers"]["kanban"] == {"command": str(program), "args": []}
