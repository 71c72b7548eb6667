"""Answers to requests that have come whole: without messages from server to application, and at once where they can.

A question that was asked before, a call of a tool whose answer is kept, and a write take less time than what stands
around them. The checks are those of all other requests, in the same order. What cannot be answered so goes the whole
way, and with it what was found on the first part of it: nothing is counted twice.
"""

import asyncio
from collections.abc import Awaitable

from starlette.types import Scope

from kanban_mcp.errors import Unauthorized
from kanban_mcp.transport.access.auth import Admission
from kanban_mcp.transport.access.bodies import has_body
from kanban_mcp.transport.access.fields import concluded, fields
from kanban_mcp.transport.access.guard import Guard
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.rate_limit import RateLimit, told
from kanban_mcp.transport.replies import Reply
from kanban_mcp.transport.rest.rest import Rest
from kanban_mcp.transport.server.compression import SMALLEST, compressed
from kanban_mcp.transport.server.ending import ended, failed
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

    def begin(self, scope: Scope, body: bytes) -> Reply | Awaitable[Reply] | None:
        """The answer to a GET under `/api` or a POST to `/mcp`. Else `scope` has what is known of it by now.

        One to come raises nothing, also when it is cancelled: that is told in it.
        """
        try:
            return self._begun(scope, body)
        except Exception:
            # It fails on its usual way again, where that is told. No operation was begun: those fail in words.
            return None

    def _begun(self, scope: Scope, body: bytes) -> Reply | Awaitable[Reply] | None:
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
        if reply is None:
            return None
        if isinstance(reply, Reply) and not _shrinks(reply, scope):
            return self._told(reply, scope)
        return self._later(reply, scope)

    async def _later(self, answer: Reply | Awaitable[Reply], scope: Scope) -> Reply:
        try:
            reply = answer if isinstance(answer, Reply) else await answer
            return self._told(await compressed(reply, scope) if _shrinks(reply, scope) else reply, scope)
        except asyncio.CancelledError:
            return Reply.of(ended())
        except Exception as error:
            return Reply.of(failed(error, scope))

    def _told(self, reply: Reply, scope: Scope) -> Reply:
        """With how often the caller may still ask."""
        if self._limit is None:
            return reply
        return Reply(reply.status_code, [*reply.headers, *told(scope["verdict"])], reply.body)

    def _is_plain(self, scope: Scope) -> bool:
        """What pages of elsewhere may ask is told in headers, what is wrong with a body in a problem: further on."""
        given = fields(scope)
        if b"origin" in given or b"content-encoding" in given or (scope["method"] == "GET" and has_body(given)):
            return False
        return self._guard.refusal(scope) is None


def _shrinks(reply: Reply, scope: Scope) -> bool:
    return b"accept-encoding" in fields(scope) and len(reply.body) >= SMALLEST
