"""Errors, as each transport says them."""

from mcp.types import CallToolResult, TextContent

from kanban_mcp.answers import Answer, compact
from kanban_mcp.errors import KanbanError


def tool_result(answer: Answer) -> CallToolResult:
    """A result in both forms hosts look at; they carry the same data."""
    return CallToolResult(content=[TextContent(type="text", text=answer.text)], structured_content=answer.value)


def tool_error(error: KanbanError) -> CallToolResult:
    """An error an agent can act on."""
    said = error.as_dict()
    return CallToolResult(
        content=[TextContent(type="text", text=compact(said))], structured_content=said, is_error=True
    )
