"""What a client is told about this server, in the words of the protocol and without its library.

The library takes half a second to load, and most conversations need no more of it than this.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from kanban_mcp import __version__
from kanban_mcp.models.caller import LONGEST_ACTOR, Caller
from kanban_mcp.settings import Settings
from kanban_mcp.transport.wire.pages import EXTENSIONS, OFFERED
from kanban_mcp.visible import visible

TOOLS = Path(__file__).with_name("tools.json")
"""All tools, written from the catalogue: making their schemas anew would take a start longer than the rest of it."""
ANONYMOUS = "agent"
SERVER_INFO = {"name": "kanban-mcp", "title": "Kanban", "version": __version__}
_CAPABILITIES = {"completions": {}, "resources": {"listChanged": True, "subscribe": True}}
OLD_CAPABILITIES = {**_CAPABILITIES, "prompts": {"listChanged": False}, "tools": {"listChanged": False}}
NEW_CAPABILITIES = {
    **_CAPABILITIES,
    EXTENSIONS: OFFERED,
    "prompts": {"listChanged": True},
    "tools": {"listChanged": True},
}
"""In the modern era it means that a client may ask to be told; only the list of resources ever changes."""
HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Versions of the protocol that begin with `initialize`, oldest first."""
MODERN_VERSION = "2026-07-28"
"""The version whose requests each say who asks and how."""

STAMP = {"_meta": {"io.modelcontextprotocol/serverInfo": SERVER_INFO}, "resultType": "complete"}
"""What every modern result carries."""
KEPT_SECONDS = 300
"""How long clients may keep what stays the same as long as the server runs."""
_KEPT = {"cacheScope": "public", "ttlMs": KEPT_SECONDS * 1000}


class Introduction:
    """The results of the requests that every client begins with."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def instructions(self) -> str:
        """What an agent should know before its first call."""
        return instructions(self._settings)

    def tools(self, caller: Caller, *, pages: bool = False) -> list[dict[str, Any]]:
        """The operations offered that the caller may have carried out, as tools: no agent pays for what it cannot do.

        They are the same for all callers of the same `rights`; clients that show pages get one more.
        """
        listed = [entry["tool"] for entry in self._offered if caller.may(entry["scope"], wide=entry["wide"])]
        return [*listed, self._written["pages"]] if pages else listed

    @cached_property
    def _written(self) -> dict[str, Any]:
        written: dict[str, Any] = from_json(TOOLS.read_bytes())
        return written

    @cached_property
    def _offered(self) -> list[dict[str, Any]]:
        toolsets, read_only = self._settings.toolsets, self._settings.read_only
        return [
            entry
            for entry in self._written["tools"]
            if entry["toolset"] in toolsets and (entry["tool"]["annotations"]["readOnlyHint"] or not read_only)
        ]

    def initialize(self, version: str) -> dict[str, Any]:
        """The answer to the handshake; a version not known gets the newest."""
        return {
            "protocolVersion": version if version in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1],
            "capabilities": OLD_CAPABILITIES,
            "serverInfo": SERVER_INFO,
            "instructions": self.instructions,
        }

    @cached_property
    def discover(self) -> dict[str, Any]:
        """The answer to `server/discover`."""
        return {
            "supportedVersions": [MODERN_VERSION],
            "capabilities": NEW_CAPABILITIES,
            "instructions": self.instructions,
            **_KEPT,
            **STAMP,
        }

    def list_tools(self, caller: Caller, *, modern: bool, pages: bool = False) -> Mapping[str, Any]:
        """The answer to `tools/list`."""
        tools = self.tools(caller, pages=pages)
        return {"tools": tools, **_KEPT, "cacheScope": "private", **STAMP} if modern else {"tools": tools}


def actor_named(name: str) -> str:
    """What a client calls itself, on one line and no longer than an actor may be."""
    return _known_actor(name) if len(name) <= LONGEST_ACTOR else _actor(name)


def _actor(name: str) -> str:
    words = " ".join(name.split())
    return visible("".join(letter for letter in words if letter.isprintable()))[:LONGEST_ACTOR] or ANONYMOUS


_known_actor = lru_cache(256)(_actor)
"""Clients say what they are called with every request of the modern era."""


def instructions(settings: Settings) -> str:
    """What an agent should know before its first call."""
    board = f"Board: {settings.board}." if settings.board else "No board is bound: name one, unless only one exists."
    name = visible(settings.actor) if settings.actor else "that of your client or key"
    loop = (
        "It is read-only: get_board, list_tasks, search and get_task show the work."
        if settings.read_only
        else "Everyday loop: claim_next gives you the best ready task with its whole brief and a `lease`; work on it; "
        "add_note what you found or decided; complete_task, or release_task with a handoff note when you stop. "
        "Plan with create_tasks, depends_on says what waits for what. Found more work? create_task. "
        "Pass `lease` to your writes; `held` means another agent has the task: take another. "
        f"Coming back? `holders` of get_board has what is held under your name, {name}, with its `lease`: "
        "go on with it, unless another agent goes by that name; get_task has the brief."
    )
    return "\n".join(
        (
            "A kanban board that agents share. It keeps plans between conversations, and no task is given to two.",
            f"File: {_shown(settings.db)}. {board}",
            loop,
            'Errors are JSON with code, message and hint: do what the hint says. Lists are {"columns","rows"}; '
            "pass `next` as cursor for more.",
        )
    )


def _shown(path: Path) -> str:
    """The file, from the home folder where it is there; the last part when it is long."""
    home = Path.home()
    text = f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
    return text if len(text) <= 300 else f"…{text[-300:]}"
