"""What others are measured against: the SDK's own server and loop, with one tool that does nothing."""

from mcp.server import MCPServer

server = MCPServer("stock")


@server.tool()
async def empty() -> str:
    """Do nothing."""
    return ""


if __name__ == "__main__":
    server.run("stdio")
