"""Two agents share a board: run with the path of a new file to keep it in."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters


def server(actor: str) -> StdioServerParameters:
    """Each agent starts a server of its own; they share the file."""
    return StdioServerParameters(
        command=sys.executable, args=["-m", "kanban_mcp", "--db", sys.argv[1], "--actor", actor]
    )


async def do(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    """Call a tool and give its result."""
    result = await client.call_tool(tool, arguments)
    return result.structured_content or {}


async def main() -> None:
    """Plan with one agent, work with both."""
    async with Client(server("ann")) as ann, Client(server("bob")) as bob:
        await do(ann, "create_board", name="Plan")
        await do(ann, "create_tasks", tasks=[{"title": "Cook"}, {"title": "Eat", "depends_on": ["$0"]}])

        claim = await do(bob, "claim_next")
        print("bob got:", claim["task"]["title"], "-", claim["why"])
        print("ann got:", (await do(ann, "claim_next"))["why"])

        done = await do(bob, "complete_task", task_id=claim["task"]["id"], lease=claim["task"]["lease"])
        print("bob freed:", done["unblocked"])
        print("ann got:", (await do(ann, "claim_next"))["task"]["title"])

        changes = await do(ann, "list_changes", since=0)
        for row in changes["rows"]:
            change = dict(zip(changes["columns"], row, strict=True))
            print(change["seq"], change["actor"], change["action"], change["entity"], change["entity_id"])


if Path(sys.argv[1]).exists():
    sys.exit("There is a file already; name a new one.")
asyncio.run(main())
