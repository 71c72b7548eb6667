"""What the operations of REST share in the OpenAPI document: answers, headers, parameters, the problem."""

from collections.abc import Iterable, Mapping
from typing import Any

from kanban_mcp.transport.problems import STATUS

_PROBLEM = {"$ref": "#/components/schemas/Problem"}

ANSWERS: Mapping[int, str] = {
    304: "Unchanged since the entity tag in If-None-Match.",
    400: "Not HTTP.",
    401: "No key, or one that is not known any more.",
    403: "The key may not do this, the page that asks is not allowed to, or the server is read-only.",
    404: "There is no such thing.",
    405: "The address takes other methods; Allow names them.",
    408: "The body came too slowly.",
    409: "Sound, but not as things stand: a name that is taken, a full column, a task that another holds.",
    412: "The version in If-Match is not the current one.",
    413: "The body is too large.",
    415: "The body is not JSON, or is compressed.",
    421: "The server does not go by the name in Host.",
    422: "The arguments are wrong; `detail` names them, `hint` says which there are.",
    429: "Too many requests; Retry-After says when to go on.",
    500: "The server failed; nothing was changed.",
    503: "The file is busy; the same request may succeed later.",
}
"""What each status means, of all there are."""
HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "The version of what is shown, if it has one, and a digest.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, as `<address>; rel="next"`.', "schema": {"type": "string"}},
    "Allow": {"description": "The methods that the address takes.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to say who calls: `Bearer`.", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {"description": "Requests a caller has in any 60 seconds.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "How many of them are left.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {
        "description": "When the oldest of them ceases to count, in milliseconds since 1970.",
        "schema": {"type": "integer"},
    },
}
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
"""What every answer tells of the rate limit."""
_TELLING: Mapping[int, tuple[str, ...]] = {
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After", *LIMITS),
    503: ("Retry-After",),
}
"""The headers that some answers have beside those of all."""


def answer(status: int) -> dict[str, Any]:
    """What a status says, beside the answers of operations."""
    said: dict[str, Any] = {"description": ANSWERS[status]}
    if status in _TELLING:
        said["headers"] = referred(_TELLING[status])
    if status != 304:
        said["content"] = {"application/problem+json": {"schema": _PROBLEM}}
    return said


def referred(names: Iterable[str]) -> dict[str, Any]:
    """Headers by their names in the document."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def parameters() -> dict[str, Any]:
    """What may be said beside arguments: the detail wanted, and conditions in headers."""
    text = {"type": "string"}
    return {
        "detail": {
            "name": "detail",
            "in": "query",
            "description": "`full` has an object for each row, `summary` what agents get: columns once, then rows.",
            "schema": {"enum": ["full", "summary"], "default": "full"},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A repeat with the same key and arguments answers what the first did, and does nothing.",
            "schema": {**text, "minLength": 1, "maxLength": 200},
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "Entity tags; when the current one is among them the answer is 304.",
            "schema": text,
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The ETag of the task or board, or its version in quotation marks: written only if current.",
            "schema": text,
        },
    }


def problem_schema() -> dict[str, Any]:
    """The schema of every error."""
    text = {"type": "string"}
    return {
        "description": "What went wrong (RFC 9457). A refused request changes nothing.",
        "type": "object",
        "properties": {
            "type": {**text, "format": "uri-reference", "description": "The code, as a name for it."},
            "title": {**text, "description": "The code, in words."},
            "status": {"type": "integer", "description": "The same as of the answer."},
            "detail": {**text, "description": "What is so."},
            "instance": {**text, "format": "uri-reference", "description": "The address that was asked."},
            "code": {"enum": [*STATUS], "description": "What kind of error it is, as every transport names it."},
            "message": {**text, "description": "The same as `detail`, as every transport names it."},
            "hint": {**text, "description": "What to do next."},
            "current": {"type": "object", "description": "How the thing stands now."},
        },
        "required": ["type", "title", "status", "detail", "code"],
        "examples": [
            {
                "type": "urn:kanban-mcp:problem:not_found",
                "title": "Not found",
                "status": 404,
                "detail": "There is no task 7.",
                "code": "not_found",
                "message": "There is no task 7.",
                "hint": "list_tasks and search show the tasks there are.",
                "instance": "/api/tasks/7",
            }
        ],
    }
