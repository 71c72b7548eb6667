"""The programs that connect to the server: where each keeps its configuration, and in what form."""

import contextlib
import json
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from kanban_mcp.errors import Invalid

ENTRY = "kanban"
"""The name under which the server is configured."""


class Client(NamedTuple):
    """`user` and `project` give the file for all projects and for the one in a folder; `key` is where servers are."""

    title: str
    key: str
    user: Callable[[], Path] | None
    project: Callable[[Path], Path] | None
    typed: bool = False


def _support(folder: str) -> Path:
    """The folder of a program's settings, where each system has it."""
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / folder
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / folder
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / folder


def _codex() -> Path:
    return Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex") / "config.toml"


CLIENTS: dict[str, Client] = {
    # Its file for all projects is one that it rewrites as it runs: `claude mcp add --scope user` is for that.
    "claude-code": Client("Claude Code", "mcpServers", None, lambda folder: folder / ".mcp.json", typed=True),
    "claude-desktop": Client(
        "Claude Desktop", "mcpServers", lambda: _support("Claude") / "claude_desktop_config.json", None
    ),
    "cursor": Client(
        "Cursor",
        "mcpServers",
        lambda: Path.home() / ".cursor" / "mcp.json",
        lambda folder: folder / ".cursor" / "mcp.json",
    ),
    "vscode": Client(
        "VS Code",
        "servers",
        lambda: _support("Code") / "User" / "mcp.json",
        lambda folder: folder / ".vscode" / "mcp.json",
        typed=True,
    ),
    "codex": Client("Codex", "mcp_servers", _codex, lambda folder: folder / ".codex" / "config.toml"),
}


def merged(client: Client, text: str, entry: dict[str, Any]) -> str:
    """A configuration with the entry in it, and everything else as it was. Raises Invalid when it cannot be read."""
    return _merged_toml(client.key, text, entry) if client.key == "mcp_servers" else _merged_json(client, text, entry)


def _merged_json(client: Client, text: str, entry: dict[str, Any]) -> str:
    try:
        whole = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise _unreadable(f"is not plain JSON ({error})") from None
    servers = whole.setdefault(client.key, {}) if isinstance(whole, dict) else None
    if not isinstance(servers, dict):
        raise _unreadable(f"has no object {client.key!r}")
    servers[ENTRY] = {"type": "stdio", **entry} if client.typed else entry
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _merged_toml(key: str, text: str, entry: dict[str, Any]) -> str:
    """The text with our table put in or replaced; the rest, comments too, is not touched."""
    before = _parsed(text)
    table = f"[{key}.{ENTRY}]"
    lines = [table, *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in entry.items())]
    kept, place = _without(text.splitlines(), table)
    blocks = ("\n".join(kept[:place]), "\n".join(lines), "\n".join(kept[place:]))
    after = "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"
    expected = {**before, key: {**before.get(key, {}), ENTRY: entry}}
    with contextlib.suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(after) == expected:
            return after
    raise _unreadable(f"has the server {ENTRY!r} in a form of its own")


def _without(lines: list[str], table: str) -> tuple[list[str], int]:
    """The lines without a table, and where it was; at the end, when it was not there."""
    for start, line in enumerate(lines):
        if line.split("#")[0].strip() == table:
            end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
            return lines[:start] + lines[end:], start
    return lines, len(lines)


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(f"is not TOML ({error})") from None


def _unreadable(why: str) -> Invalid:
    return Invalid(f"The configuration {why}; it is untouched.", hint="Add what is printed without --write by hand.")
