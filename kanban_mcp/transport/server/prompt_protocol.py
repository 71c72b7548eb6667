"""uvicorn's HTTP protocol in C, asking first whether a request can be answered without a task and messages for it.

Both take more time than a kept answer does, or a write. Here a short request that has come whole is asked about first;
what is not answered then goes its usual way.
"""

import asyncio
import functools
from collections.abc import Awaitable

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from kanban_mcp.transport.replies import CLOSE, Begin, Reply
from kanban_mcp.transport.rest.endpoint import PREFIX
from kanban_mcp.transport.server.heads import Heads

_PLACES = (f"{PREFIX}/".encode(), b"/mcp")
_METHODS = (b"GET", b"POST")


class Prompt(HttpToolsProtocol):
    """Asks `begin`; a head among `heads`, of a request that stands alone, is not parsed again."""

    begin: Begin
    heads: Heads
    next = False
    """Whether the next request may be asked about: one of those that come together, so that a flood of them lets
    others have their turn."""
    held = False
    """Whether a request waits for its body, and uvicorn does not know of it yet."""
    content = b""
    taken = False
    """Whether what came last is answered here."""
    answered_at = 0.0
    answering: "asyncio.Task[Reply] | None" = None
    within = False
    """Whether the parser has seen a part of a request, and not its end."""
    known: Scope | None = None
    """What was found on the first part of the way of a request that is parsed only now."""

    def data_received(self, data: bytes) -> None:
        """Take what came; a request in it that has come whole may be answered here."""
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        self.next, self.taken = True, False
        alone = not self.within
        if not (alone and self._is_known(data)):
            super().data_received(data)
            if self.held and not self.transport.is_closing():
                self._release()
            elif alone and self.taken:
                self.heads.keep(data, self.content, self.scope)  # type: ignore[arg-type]
        self._keep(timer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Withdraw what the client does not wait for any more."""
        if self.answering is not None:
            self.answering.cancel()
        super().connection_lost(exc)

    # A request that comes

    def _is_known(self, data: bytes) -> bool:
        """Whether this is one request whose head came before, and is answered without the parser."""
        found = self.heads.find(data)
        if found is None or not self._is_free():
            return False
        asked, body = found
        super().on_message_begin()
        self.scope.update(asked)  # type: ignore[typeddict-item]
        self.next = False
        if not self._take(self.scope, body):  # type: ignore[arg-type]
            self.known = self.scope  # type: ignore[assignment]
        return self.taken

    def _is_free(self) -> bool:
        """Whether nothing is under way or being sent: what is asked now is answered next."""
        served = self.cycle is None or self.cycle.response_complete
        return served and not (self.flow.write_paused or self.pipeline or self.transport.is_closing())

    def on_message_begin(self) -> None:
        """A request begins."""
        self.within = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hold a request that may be answered here; the others are uvicorn's from now on."""
        if self.known is not None:
            self.scope.update(self.known)  # type: ignore[typeddict-item]
            self.known = None
            super().on_headers_complete()
        elif self.next and self._is_plain():
            self.next, self.held, self.content = False, True, b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        if self.held:
            self.content += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer a request that was held, or let it go its usual way."""
        self.within = False
        if self.held:
            if self._take(self._asked(), self.content):
                self.held = False
                return
            self._release()
        super().on_message_complete()

    def _release(self) -> None:
        """Give a request that was held to uvicorn, as far as it has come."""
        self.held = False
        super().on_headers_complete()
        if self.content:
            super().on_body(self.content)

    def _is_plain(self) -> bool:
        parser, url = self.parser, self.url
        return (
            url.startswith(_PLACES)
            and parser.get_method() in _METHODS
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and not self.expect_100_continue
            and self._is_free()
            and url.isascii()
            and not (b"%" in url or b"#" in url)
        )

    def _asked(self) -> Scope:
        """The scope as uvicorn will have it."""
        scope: Scope = self.scope  # type: ignore[assignment]
        scope["raw_path"], _, scope["query_string"] = self.url.partition(b"?")
        scope["path"], scope["method"] = scope["raw_path"].decode(), self.parser.get_method().decode()
        return scope

    # Its answer

    def _take(self, scope: Scope, body: bytes) -> bool:
        """Answer a request, now or later; False if it is to go its usual way."""
        reply = self.begin(scope, body)
        self.taken = reply is not None
        if isinstance(reply, Reply):
            self.server_state.total_requests += 1
            self._answer(reply)
        elif reply is not None:
            self._wait_for(reply)
        return self.taken

    def _wait_for(self, reply: Awaitable[Reply]) -> None:
        """Answer when there is one. Until then uvicorn sees a request under way, of which it needs nothing more."""
        self.cycle = cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        self.answering = task = asyncio.ensure_future(reply)
        self.tasks.add(task)  # type: ignore[arg-type]
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(functools.partial(self._arrived, cycle))

    def _arrived(self, cycle: RequestResponseCycle, task: "asyncio.Task[Reply]") -> None:
        self.answering, cycle.response_complete = None, True
        if task.cancelled():
            self.transport.close()  # before it had begun, by the end of the server
        if self.transport.is_closing():
            return
        reply = task.result()
        if not cycle.keep_alive and CLOSE not in reply.headers:
            reply = Reply(reply.status_code, [*reply.headers, CLOSE], reply.body)
        self._answer(reply)
        if CLOSE in reply.headers:
            self.transport.close()
        self.on_response_complete()

    def _answer(self, reply: Reply) -> None:
        parts = [STATUS_LINE[reply.status_code]]
        for name, value in (*self.server_state.default_headers, *reply.headers):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n", reply.body)
        self.transport.inner.write(b"".join(parts))  # type: ignore[attr-defined]
        self.answered_at = self.loop.time()

    # The connection after it

    def _keep(self, timer: asyncio.TimerHandle | None) -> None:
        """Let one timer of the idle connection go on while answers at once follow each other: each costs as much."""
        if not self.taken or not (self.cycle is None or self.cycle.response_complete):
            if timer is not None:
                timer.cancel()
        elif self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = timer or self._rest_for(self.timeout_keep_alive)

    def _rest_for(self, seconds: float) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, if it rested as long as that."""
        left = self.answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self._rest_for(left)
        else:
            super().timeout_keep_alive_handler()
