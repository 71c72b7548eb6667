"""uvicorn's HTTP protocol in C, asking first whether a request can be answered at once.

uvicorn makes a task of each request when its headers are there, which takes more time than a kept answer does. Here a
short request that has come whole is asked about first; what is not answered then goes its usual way. A head that came
before, of a request that stands alone, is not parsed again: the same bytes mean the same.
"""

from asyncio import TimerHandle
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from kanban_mcp.transport.replies import Begin, Reply
from kanban_mcp.transport.rest.endpoint import PREFIX

_PLACES = (f"{PREFIX}/".encode(), b"/mcp")
_METHODS = (b"GET", b"POST")
_END = b"\r\n\r\n"
_ASKED = ("method", "path", "raw_path", "query_string", "headers", "fields")
"""What of a scope depends on nothing but the head of its request."""
KEPT_HEADS = 1000
"""Heads that are remembered: a client sends the same ones all day. After more, all are learnt anew."""
LONGEST_HEAD = 2000


class _Head(NamedTuple):
    """What a head was parsed to: how long the body is that follows, and what it puts into the scope."""

    length: int
    asked: Mapping[str, Any]


def prompt_protocol(begin: Begin) -> type[HttpToolsProtocol]:
    """The protocol that asks `begin`."""
    heads: dict[bytes, _Head] = {}

    class Prompt(HttpToolsProtocol):
        next = False
        """Whether the next request may be answered at once: one of those that come together, so that a flood of them
        lets others have their turn."""
        held = False
        """Whether a request waits for its body, and uvicorn does not know of it yet."""
        content = b""
        answered = False
        answered_at = 0.0
        within = False
        """Whether the parser has seen a part of a request, and not its end."""
        known: Scope | None = None
        """What was found on the first part of the way of a request that is parsed only now."""

        def data_received(self, data: bytes) -> None:
            timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
            self.next, self.answered = True, False
            alone = not self.within
            if not (alone and self.is_known(data)):
                super().data_received(data)
                if self.held and not self.transport.is_closing():
                    self.release()
                elif alone and self.answered:
                    self.remember(data)
            self.keep(timer)

        def is_known(self, data: bytes) -> bool:
            """Whether this is one request whose head came before, and has been answered without the parser."""
            head, end, body = data.partition(_END)
            known = heads.get(head) if end else None
            if known is None or known.length != len(body) or not self.is_free():
                return False
            super().on_message_begin()
            self.scope.update(known.asked)  # type: ignore[typeddict-item]
            self.next = False
            reply = begin(self.scope, body)  # type: ignore[arg-type]
            if reply is None:
                self.known = self.scope  # type: ignore[assignment]
                return False
            self.answer(reply)
            return True

        def remember(self, data: bytes) -> None:
            """What the parser made of a head, if nothing but its body came with it: the same bytes mean the same."""
            head, end, body = data.partition(_END)
            if end and body == self.content and len(head) <= LONGEST_HEAD:
                if len(heads) >= KEPT_HEADS:
                    heads.clear()
                scope: Scope = self.scope  # type: ignore[assignment]
                heads[head] = _Head(len(body), {name: scope[name] for name in _ASKED if name in scope})

        def is_free(self) -> bool:
            """Whether nothing is under way or being sent: what is asked now is answered next."""
            served = self.cycle is None or self.cycle.response_complete
            return served and not (self.flow.write_paused or self.pipeline or self.transport.is_closing())

        def on_message_begin(self) -> None:
            self.within = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            if self.known is not None:
                self.scope.update(self.known)  # type: ignore[typeddict-item]
                self.known = None
                super().on_headers_complete()
            elif self.next and self.is_plain():
                self.next, self.held, self.content = False, True, b""
            else:
                super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if self.held:
                self.content += body
            else:
                super().on_body(body)

        def on_message_complete(self) -> None:
            self.within = False
            if self.held:
                reply = begin(self.asked(), self.content)
                if reply is not None:
                    self.held = False
                    self.answer(reply)
                    return
                self.release()
            super().on_message_complete()

        def release(self) -> None:
            """Give a request that was held to uvicorn, as far as it has come."""
            self.held = False
            super().on_headers_complete()
            if self.content:
                super().on_body(self.content)

        def is_plain(self) -> bool:
            parser, url = self.parser, self.url
            return (
                url.startswith(_PLACES)
                and parser.get_method() in _METHODS
                and parser.get_http_version() == "1.1"
                and parser.should_keep_alive()
                and not parser.should_upgrade()
                and not self.expect_100_continue
                and self.is_free()
                and url.isascii()
                and not (b"%" in url or b"#" in url)
            )

        def asked(self) -> Scope:
            """The scope as uvicorn will have it."""
            scope: Scope = self.scope  # type: ignore[assignment]
            scope["raw_path"], _, scope["query_string"] = self.url.partition(b"?")
            scope["path"], scope["method"] = scope["raw_path"].decode(), self.parser.get_method().decode()
            return scope

        def answer(self, reply: Reply) -> None:
            parts = [STATUS_LINE[reply.status_code]]
            for name, value in (*self.server_state.default_headers, *reply.headers):
                parts += (name, b": ", value, b"\r\n")
            parts += (b"\r\n", reply.body)
            self.transport.inner.write(b"".join(parts))  # type: ignore[attr-defined]
            self.answered, self.answered_at = True, self.loop.time()
            self.server_state.total_requests += 1

        def keep(self, timer: TimerHandle | None) -> None:
            """Let one timer of the idle connection go on while such answers follow each other: each costs as much."""
            if not self.answered or not (self.cycle is None or self.cycle.response_complete):
                if timer is not None:
                    timer.cancel()
            elif self.timeout_keep_alive_task is None:
                self.timeout_keep_alive_task = timer or self.rest_for(self.timeout_keep_alive)

        def rest_for(self, seconds: float) -> TimerHandle:
            return self.loop.call_later(seconds, self.timeout_keep_alive_handler)

        def timeout_keep_alive_handler(self) -> None:
            left = self.answered_at + self.timeout_keep_alive - self.loop.time()
            if left > 0:
                self.timeout_keep_alive_task = self.rest_for(left)
            else:
                super().timeout_keep_alive_handler()

    return Prompt
