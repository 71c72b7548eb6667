"""Agents: clients of the SDK, each with a server process of its own, over real pipes."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters
from mcp.types import CallToolResult, Implementation, TextContent

from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.mcp.mcp_server import McpServer
from tests.http.conftest import serving

Era = Literal["auto", "legacy"]
ERAS: list[Era] = ["auto", "legacy"]
NEWER = ["memory-auto", "stdio-auto", "http-auto"]
OLDER = ["memory-legacy", "stdio-legacy", "http-legacy", "sse-legacy"]
WAYS = [*NEWER, *OLDER]
"""How the SDK's client reaches a server, and in which era it speaks."""
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


@asynccontextmanager
async def connected(
    way: str, db: Path, *, name: str = "pytest", settings: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[Client]:
    """A client in one of the `WAYS`, of a server with these settings on a file; `options` are the client's own."""
    transport, _, era = way.partition("-")
    mode = cast(Era, era)
    async with AsyncExitStack() as stack:
        if transport == "stdio":
            env = {f"KANBAN_{setting.upper()}": value for setting, value in (settings or {}).items()}
            client = client_of(db, mode=mode, name=name, env=env, **options)
        else:
            chosen: dict[str, Any] = {"db": db, **(settings or {})}
            app = stack.enter_context(open_app(Settings(**chosen)))
            server: Any = McpServer(app)
            if transport != "memory":
                url = stack.enter_context(serving(app))
                server = f"{url}/mcp" if transport == "http" else sse_client(f"{url}/sse")
            known = Implementation(name=name, version="1")
            client = Client(server, mode=mode, client_info=known, read_timeout_seconds=PATIENCE, **options)
        yield await stack.enter_async_context(client)
