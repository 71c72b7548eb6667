"""Errors, as each transport says them: tool results in MCP, problem documents (RFC 9457) in HTTP."""

from collections.abc import Iterable, Mapping
from typing import Any

from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, TextContent
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kanban_mcp import answers
from kanban_mcp.answers import Answer
from kanban_mcp.errors import Busy, Internal, Invalid, KanbanError, NotFound

RESOURCE_NOT_FOUND = -32002
"""What revisions up to 2025-11-25 answer; those after it give invalid params, and the number to nothing else."""

STATUS = {
    "invalid": 422,
    "unauthorized": 401,
    "forbidden": 403,
    "read_only": 403,
    "not_found": 404,
    "conflict": 409,
    "stale_version": 409,
    "wip_limit": 409,
    "would_cycle": 409,
    "held": 409,
    "rate_limited": 429,
    "internal": 500,
    "busy": 503,
}
"""The HTTP status of each code."""

_MUST = {
    "dict_type": "must be an object",
    "missing": "is missing",
    "model_type": "must be an object",
    "string_type": "must be a string",
}
"""What pydantic calls by names of its own."""


def tool_result(answer: Answer) -> CallToolResult:
    """A result in both forms hosts look at; they carry the same data."""
    return CallToolResult(content=[TextContent(type="text", text=answer.text)], structured_content=answer.value)


def tool_error(error: KanbanError) -> CallToolResult:
    """An error an agent can act on."""
    return tool_result(answers.problem(error)).model_copy(update={"is_error": True})


def request_error(error: KanbanError) -> MCPError:
    """An error of a request that is no call of a tool: wrong parameters, unless the server is at fault."""
    code = INTERNAL_ERROR if isinstance(error, Busy | Internal) else INVALID_PARAMS
    said = answers.problem(error).value
    return MCPError(code, " ".join(said[part] for part in ("message", "hint") if part in said), said)


def parameters_error(error: ValidationError) -> Invalid:
    """What is wrong with the parameters of a request, which the SDK keeps to itself."""
    wrong = error.errors(include_url=False)[:5]
    said = [f"{'.'.join(map(str, each['loc']))} {_MUST.get(each['type'], each['msg'])}" for each in wrong]
    return Invalid(f"Invalid request parameters: {'; '.join(said)}.")


def resource_error(error: KanbanError, uri: str, protocol_version: str) -> MCPError:
    """An error of reading a resource, as the revision of the protocol that the client speaks has it."""
    wrong = request_error(error)
    missing = isinstance(error, NotFound) and protocol_version not in MODERN_PROTOCOL_VERSIONS
    code = RESOURCE_NOT_FOUND if missing else wrong.code
    return MCPError(code, wrong.message, {"uri": uri, **wrong.data})


def problem(
    error: KanbanError, *, status: int | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """An error as `application/problem+json`: what MCP says of it, and the members HTTP clients know.

    `status` says it more closely than the code does, as 413 for `invalid`; `more` are further members.
    """
    status = STATUS[error.code] if status is None else status
    said = answers.problem(error).value
    document = {
        "type": f"urn:kanban-mcp:problem:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": said["message"],
        **said,
        **more,
    }
    return Response(
        answers.compact(document),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        "application/problem+json",
    )


def other_method(method: str, takes: Iterable[str], template: str, path: str) -> Response:
    """What is answered to a method that an address does not take; OPTIONS asks which it does."""
    allow = {"Allow": ", ".join(takes)}
    if method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    error = Invalid(f"{method[:20]} is not for {template}.", hint=f"It takes {allow['Allow']}.")
    return problem(error, status=405, headers=allow, instance=path)


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or a WebSocket before it is accepted, with a problem and nothing more."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        # The server makes an HTTP 403 of it.
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)
