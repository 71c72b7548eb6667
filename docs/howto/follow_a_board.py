"""Follow a board: hear of what others change, and read what is new. Give the path of the board's file."""

import sys
from typing import Any

import anyio
from mcp import Client, StdioServerParameters


def server(actor: str) -> Client:
    """A client with a server process of its own."""
    arguments = ["-m", "kanban_mcp", "--db", sys.argv[1], "--actor", actor]
    return Client(StdioServerParameters(command=sys.executable, args=arguments))


async def call(client: Client, operation: str, **arguments: Any) -> dict[str, Any]:
    """The result of a tool."""
    result: dict[str, Any] = (await client.call_tool(operation, arguments)).structured_content
    return result


async def main() -> None:
    """Ada follows the board while Bob works on it."""
    async with server("ada") as ada, server("bob") as bob:
        await call(bob, "create_board", name="Plan")
        seen = (await call(ada, "list_changes", board="Plan"))["next"]
        async with ada.listen(resource_subscriptions=["kanban://boards/1"]) as events:
            await call(bob, "create_task", title="Draw the map", status="todo")
            await call(bob, "claim_next")
            async for _ in events:
                page = await call(ada, "list_changes", board="Plan", since=seen)
                for _, _, actor, action, entity, number, *_ in page["rows"]:
                    print(f"{actor} {action} {entity} {number}")
                seen = page["next"]
                if int(seen) == 3:
                    break


anyio.run(main)
