"""Answers to requests that need no waiting: at once, without a task, and without messages from server to application.

A question that was asked before, or a call of a tool whose answer is kept, takes less time than what stands around it.
The checks are those of all other requests, in the same order. What cannot be answered so goes the whole way, and with
it what was found on the first part of it: nothing is done or counted twice.
"""

from starlette.types import Scope

from kanban_mcp.errors import Unauthorized
from kanban_mcp.transport.access.auth import Admission
from kanban_mcp.transport.access.fields import concluded, fields
from kanban_mcp.transport.access.guard import Guard
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.rate_limit import RateLimit, told
from kanban_mcp.transport.replies import Reply
from kanban_mcp.transport.rest.rest import Rest
from kanban_mcp.transport.server.compression import SMALLEST
from kanban_mcp.transport.streamable.mcp_fast import FastHttp


class Express:
    """The parts that a request passes, asked one after the other without waiting."""

    def __init__(
        self,
        guard: Guard,
        keyring: Keyring,
        admission: Admission,
        limit: RateLimit | None,
        rest: Rest,
        mcp: FastHttp,
    ) -> None:
        self._guard = guard
        self._keyring = keyring
        self._admission = admission
        self._limit = limit
        self._rest = rest
        self._mcp = mcp

    def begin(self, scope: Scope, body: bytes) -> Reply | None:
        """The answer to a GET under `/api` or a POST to `/mcp`. Else `scope` has what is known of it by now."""
        try:
            return self._begun(scope, body)
        except Exception:
            # It fails on its usual way again, where that is told. No operation was begun: those fail in words.
            return None

    def _begun(self, scope: Scope, body: bytes) -> Reply | None:
        if not concluded(scope, self._is_plain):
            return None
        try:
            self._admission.admit(scope)
        except Unauthorized:
            return None
        self._keyring.hold()
        if self._limit is not None and not self._limit.count(scope).allowed:
            return None
        reply = self._rest.begin(scope) if scope["method"] == "GET" else self._mcp.begin(scope, body)
        if reply is not None and b"accept-encoding" in fields(scope) and len(reply.body) >= SMALLEST:
            scope["reply"] = reply
            return None
        if reply is None or self._limit is None:
            return reply
        return Reply(reply.status_code, [*reply.headers, *told(scope["verdict"])], reply.body)

    def _is_plain(self, scope: Scope) -> bool:
        """What pages of elsewhere may ask is told in headers, what is wrong with a body in a problem: further on."""
        given = fields(scope)
        return b"origin" not in given and b"content-encoding" not in given and self._guard.refusal(scope) is None
