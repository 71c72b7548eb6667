"""Errors, as each transport says them."""

from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, TextContent
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from kanban_mcp.answers import Answer, problem
from kanban_mcp.errors import Busy, Internal, KanbanError, NotFound

RESOURCE_NOT_FOUND = -32002
"""What revisions up to 2025-11-25 answer; those after it give invalid params, and the number to nothing else."""


def tool_result(answer: Answer) -> CallToolResult:
    """A result in both forms hosts look at; they carry the same data."""
    return CallToolResult(content=[TextContent(type="text", text=answer.text)], structured_content=answer.value)


def tool_error(error: KanbanError) -> CallToolResult:
    """An error an agent can act on."""
    return tool_result(problem(error)).model_copy(update={"is_error": True})


def request_error(error: KanbanError) -> MCPError:
    """An error of a request that is no call of a tool: wrong parameters, unless the server is at fault."""
    code = INTERNAL_ERROR if isinstance(error, Busy | Internal) else INVALID_PARAMS
    said = problem(error).value
    return MCPError(code, " ".join(said[part] for part in ("message", "hint") if part in said), said)


def resource_error(error: KanbanError, uri: str, protocol_version: str) -> MCPError:
    """An error of reading a resource, as the revision of the protocol that the client speaks has it."""
    wrong = request_error(error)
    missing = isinstance(error, NotFound) and protocol_version not in MODERN_PROTOCOL_VERSIONS
    code = RESOURCE_NOT_FOUND if missing else wrong.code
    return MCPError(code, wrong.message, {"uri": uri, **wrong.data})
