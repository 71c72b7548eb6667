"""Operations as tools: what `tools.json` holds, so that a list of tools is told before any operation is loaded."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from kanban_mcp.operations import Operation
from kanban_mcp.transport.wire.pages import TOOL_META


def tool_list(operations: Iterable[Operation], shown: Operation) -> str:
    """All tools in order, each on a line with what decides who sees it, and the one that shows a board as a page."""
    tools = ",\n".join(to_json(_entry(operation)).decode() for operation in operations)
    page = to_json({**_tool(shown), "_meta": TOOL_META}).decode()
    return f'{{"tools":[\n{tools}\n],\n"pages":{page}}}\n'


def _entry(operation: Operation) -> dict[str, Any]:
    return {
        "toolset": operation.toolset,
        "scope": operation.scope,
        "wide": operation.wide,
        "tool": _tool(operation),
    }


def _tool(operation: Operation) -> dict[str, Any]:
    """An operation as a tool, with all four hints: what is left unsaid, clients take for the worst."""
    return {
        "name": operation.name,
        "description": operation.description,
        "inputSchema": operation.schema,
        "annotations": {
            "readOnlyHint": operation.effect == "read",
            "destructiveHint": operation.effect == "destroy",
            "idempotentHint": not operation.keyed,
            "openWorldHint": False,
        },
    }
