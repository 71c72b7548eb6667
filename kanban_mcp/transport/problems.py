"""Errors, as each transport says them."""

import json
from typing import Any

from mcp.types import CallToolResult, TextContent

from kanban_mcp.errors import KanbanError


def compact(value: Any) -> str:
    """JSON without a byte to spare."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tool_result(result: dict[str, Any]) -> CallToolResult:
    """A result in both forms hosts look at; they carry the same data."""
    return CallToolResult(content=[TextContent(type="text", text=compact(result))], structured_content=result)


def tool_error(error: KanbanError) -> CallToolResult:
    """An error an agent can act on."""
    said = error.as_dict()
    return CallToolResult(
        content=[TextContent(type="text", text=compact(said))], structured_content=said, is_error=True
    )
