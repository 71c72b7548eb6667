"""Agents: clients of the SDK, each with a server process of its own, over real pipes."""

import json
import sys
from pathlib import Path
from typing import Any, Literal, Protocol

from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import CallToolResult, Implementation, TextContent

Era = Literal["auto", "legacy"]
PATIENCE = 30
"""Seconds after which a server that does not answer hangs."""


class Agent:
    """Calls tools as an agent does. Every answer is checked to say the same in both of its forms."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._seen = 0

    async def __call__(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured result of a call that must succeed."""
        result = await self.client.call_tool(operation, arguments)
        assert not result.is_error, result.structured_content
        return structure(result)

    async def refused(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The error of a call that must be refused, and must change nothing."""
        before = await self.last_seq()
        result = await self.client.call_tool(operation, arguments)
        assert result.is_error, result.structured_content
        assert await self.last_seq() == before
        return structure(result)

    async def changes(self, since: int = 0) -> list[dict[str, Any]]:
        """What the log tells after a seq."""
        found: list[dict[str, Any]] = []
        while (page := await self("list_changes", since=since, limit=100))["rows"]:
            found += [dict(zip(page["columns"], row, strict=True)) for row in page["rows"]]
            since = int(page["next"])
        return found

    async def last_seq(self) -> int:
        """The seq of the newest change."""
        self._seen = max((change["seq"] for change in await self.changes(self._seen)), default=self._seen)
        return self._seen


class Connect(Protocol):
    """Starts a server with some flags and variables, and connects a client to it."""

    async def __call__(
        self, *flags: str, mode: Era = "auto", name: str = "pytest", env: dict[str, str] | None = None
    ) -> Agent: ...


def structure(result: CallToolResult) -> dict[str, Any]:
    """The structured content, after checking that the text is the same as compact JSON."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    values: dict[str, Any] = result.structured_content
    assert json.loads(content.text) == values
    assert content.text == json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return values


def client_of(
    db: Path, *flags: str, mode: Era = "auto", name: str = "pytest", env: dict[str, str], **options: Any
) -> Client:
    """A client that starts a server on a file when it is entered; `options` are the client's own."""
    arguments = ["-m", "kanban_mcp", "--db", str(db), *flags]
    return Client(
        StdioServerParameters(command=sys.executable, args=arguments, env=env),
        mode=mode,
        client_info=Implementation(name=name, version="1"),
        read_timeout_seconds=PATIENCE,
        **options,
    )
