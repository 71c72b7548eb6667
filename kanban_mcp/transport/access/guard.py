"""Which host a request may name and which page it may come from; checked on every route, before anything else.

A page in someone's browser can send requests to this server, and after pointing its own name at this machine even
read the answers. Its Host and Origin headers betray it: pages cannot forge those.
"""

import functools
import ipaddress
import re
import socket
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kanban_mcp.errors import Forbidden
from kanban_mcp.transport.access.fields import fields, repeated
from kanban_mcp.transport.problems import problem, refuse

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
KNOWN_HOSTS = 256
"""Host headers whose judgement is remembered: all requests of a client have the same."""
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?")


class Guard:
    """Refuses what names a foreign host (421) or comes from a foreign page (403), WebSockets before they are accepted.

    `hosts` are names, each with a port or for any port; the server listens on `bound`, which adds names of its own.
    `origins` are whole origins, such as `https://board.example.com`; pages of this server itself are always welcome.
    """

    def __init__(self, inner: ASGIApp, *, bound: str, hosts: Iterable[str], origins: Iterable[str]) -> None:
        self._inner = inner
        self._any_address = is_wildcard(bound)
        self._hosts = {host.lower() for host in (*LOOPBACK_NAMES, *_names_of(bound), *hosts)}
        self._origins = {origin.lower().rstrip("/") for origin in origins}
        self._is_ours = functools.lru_cache(KNOWN_HOSTS)(self._names_us)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        refusal = self.refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is not None:
            await refuse(refusal, scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    def refusal(self, scope: Scope) -> Response | None:
        """What a request is refused with; None for one that is welcome."""
        given = fields(scope)
        if (host := given.get(b"host")) is None or not self._is_ours(host) or _named_twice(scope):
            foreign = Forbidden("This server does not go by that name.", hint="Add the host to --allowed-hosts.")
            return problem(foreign, status=421)
        if not _BETRAYING.isdisjoint(given) and not self._welcome(scope):
            foreign = Forbidden("Pages of that origin may not call.", hint="Add the origin to --allowed-origins.")
            return problem(foreign)
        return None

    def _names_us(self, named: bytes) -> bool:
        host = named.decode("latin-1").lower()
        parts = _HOST.fullmatch(host)
        if parts is None:
            return False
        # On all interfaces an address is one of ours: a page can point its name at us, but not an address.
        return not self._hosts.isdisjoint((parts[1], host)) or (self._any_address and _is_address(parts[1]))

    def _welcome(self, scope: Scope) -> bool:
        """Whether the page that sent this, if one did, is ours or of an allowed origin."""
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        if not origins:
            return headers.get("sec-fetch-site", "none") in ("none", "same-origin") or _follows_a_link(scope, headers)
        origin = origins[0].lower()
        ours = origin.partition("://")[2] == headers["host"].lower()
        return len(origins) == 1 and (ours or origin in self._origins)


_BETRAYING = frozenset((b"origin", b"sec-fetch-site"))
"""What browsers say of the page that sends a request; programs say neither."""


def _named_twice(scope: Scope) -> bool:
    return repeated(scope) and sum(name == b"host" for name, _ in scope["headers"]) > 1


def _follows_a_link(scope: Scope, headers: Headers) -> bool:
    """Whether someone opens a page here from one elsewhere, which cannot read it; and GET changes nothing."""
    opening = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return scope.get("method") == "GET" and opening


def is_wildcard(bound: str) -> bool:
    """Whether a server bound to this listens on all interfaces."""
    return bound in ("", "0.0.0.0", "::")


def is_loopback(bound: str) -> bool:
    """Whether only this machine reaches a server bound to this."""
    if bound == "localhost":
        return True
    return _is_address(bound) and ipaddress.ip_address(bound.strip("[]")).is_loopback


def _names_of(bound: str) -> list[str]:
    """What a server is called by the address it is bound to."""
    if is_wildcard(bound):
        return [socket.gethostname()]
    return [f"[{bound}]" if ":" in bound else bound]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
