"""The transcript of the page beside this file: prints each call and the part of its answer that matters."""

import asyncio
import json
import sys
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters


def server(actor: str) -> StdioServerParameters:
    """A server for one agent."""
    arguments = ["-m", "kanban_mcp", "--db", sys.argv[1], "--actor", actor, "--toolsets", "core,tasks"]
    return StdioServerParameters(command=sys.executable, args=arguments)


async def show(who: str, client: Client, tool: str, /, *keys: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool, print the call and the named parts of its answer."""
    result = await client.call_tool(tool, arguments)
    answer: dict[str, Any] = result.structured_content or {}
    shown = {key: (answer.get("task") or answer).get(key, answer.get(key)) for key in keys}
    print(f"{who}: {tool} {json.dumps(arguments)}\n  -> {json.dumps(shown)}")
    return answer


async def main() -> None:
    """The story."""
    async with Client(server("ann")) as ann, Client(server("bob")) as bob:
        await show("ann", ann, "create_board", "id", name="Plan")
        tasks = [{"title": "Schema", "priority": 8}, {"title": "Importer", "depends_on": ["$0"]}]
        await show("ann", ann, "create_tasks", "total", tasks=tasks)
        first = (await show("ann", ann, "claim_next", "id", "lease", "why"))["task"]["lease"]
        await show("bob", bob, "claim_next", "code", "message", task_id=1)
        await show("bob", bob, "complete_task", "code", "hint", task_id=1)
        await show("ann", ann, "release_task", "status", task_id=1, lease=first, note="Half done: see branch schema-2.")
        claim = await show("bob", bob, "claim_next", "lease", "attempts")
        second = claim["task"]["lease"]
        print("  bob reads:", claim["task"]["notes"][0]["content"])
        await show("ann", ann, "update_task", "code", "message", task_id=1, lease=first, title="Schema, old")
        await show("ann", ann, "update_task", "version", task_id=1, description="Two tables.", version=2)
        await show("bob", bob, "complete_task", "unblocked", task_id=1, lease=second, idempotency_key="bob-1")
        await show("bob", bob, "complete_task", "unblocked", task_id=1, lease=second, idempotency_key="bob-1")


asyncio.run(main())
