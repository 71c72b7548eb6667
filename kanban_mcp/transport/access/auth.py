"""Who a request is from: `scope["caller"]`, for all routes alike; and `scope["moment"]`, when that was asked.

Without any key in the file, whoever calls from this machine is let in, for a first try. The first key ends that for
good: from then on everyone needs one, also when all were revoked.
"""

import re
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Receive, Scope, Send

from kanban_mcp.errors import Unauthorized
from kanban_mcp.models.caller import ADMIN, LONGEST_ACTOR, Caller
from kanban_mcp.transport.access.clients import FORWARDED
from kanban_mcp.transport.access.fields import fields
from kanban_mcp.transport.access.guard import LOOPBACK_NAMES, is_loopback
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.rate_limit import too_many
from kanban_mcp.transport.access.strangers import STRANGER, Strangers
from kanban_mcp.transport.problems import problem, refuse

PUBLIC = re.compile(
    r"/(health(/live|/ready)?|openapi\.json|docs(/style\.css)?|session|diagnostics|boards/\d+(/charts)?|tasks/\d+|assets/[0-9a-f]+/[a-z]+\.[a-z]+)?/?"
)
"""Addresses that show nothing of the boards: pages and their files do not, what fills them does."""
_LOCAL_HOST = re.compile(f"(?:{'|'.join(map(re.escape, LOOPBACK_NAMES))})(?::.*)?".encode(), re.IGNORECASE)


class Admission:
    """Puts the Caller into each request's scope, or refuses it (401; 429 after 20 failures in a minute).

    `bound` is the address the server listens on; `actor` the name of callers who are let in without a key.
    """

    def __init__(
        self, inner: ASGIApp, keyring: Keyring, strangers: Strangers, *, bound: str, actor: str | None
    ) -> None:
        self._inner = inner
        self._keyring = keyring
        self._local = is_loopback(bound)
        self._actor = actor
        self._strangers = strangers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in with its caller, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            try:
                self.admit(scope)
            except Unauthorized as error:
                verdict = self._strangers.failed(scope)
                challenge = {"WWW-Authenticate": 'Bearer realm="kanban-mcp"'}
                response = problem(error, headers=challenge) if verdict.allowed else too_many(verdict)
                await refuse(response, scope, receive, send)
                return
            if scope["type"] == "websocket" and scope["caller"] == STRANGER:
                verdict = self._strangers.standing(scope)
                if not verdict.allowed:
                    await refuse(too_many(verdict), scope, receive, send)
                    return
        await self._inner(scope, receive, send)

    def admit(self, scope: Scope) -> None:
        """Put the caller and the moment into the scope of a request, unless they are there. Raises Unauthorized."""
        if "caller" not in scope:
            scope["caller"] = caller = self._caller(scope, fields(scope))
            scope["moment"] = None if caller is STRANGER else self._keyring.moment

    def _caller(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Caller:
        if not _BRINGING.isdisjoint(headers) and (key := given_key(scope["headers"])) is not None:
            return self._keyring.caller(key)
        wrong = None
        if (key := kept_key(headers)) is not None:
            try:
                return self._keyring.caller(key)
            except Unauthorized as error:
                wrong = error  # a browser keeps a key that has ended; its user must still get to where another is asked
        if self._local and self._keyring.empty and _names_this_machine(headers):
            return Caller(self._actor or _claimed(headers), ADMIN)
        if scope["type"] == "websocket" or PUBLIC.fullmatch(scope["path"]):
            return STRANGER
        raise wrong or Unauthorized(
            "This server asks for an API key.",
            hint="Send one as `Authorization: Bearer` or `x-api-key`; `kanban-mcp keys create` makes one.",
        )


def given_key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key in a request's headers. Raises Unauthorized for several: which one counts would be a guess."""
    given = {key for name, value in headers if name in _BRINGING and (key := _key_in(name, value)) is not None}
    if len(given) > 1:
        raise Unauthorized("The request brings different API keys.", hint="Send one, in one header.")
    return given.pop().decode("latin-1") if given else None


_BRINGING = frozenset((b"authorization", b"x-api-key"))


def _key_in(name: bytes, value: bytes) -> bytes | None:
    if name == b"x-api-key":
        return value
    scheme, _, token = value.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None


def cookie_name(headers: Mapping[bytes, bytes]) -> str:
    """What the key is called in a browser, which tells hosts apart and not ports."""
    port = headers.get(b"host", b"").rpartition(b":")[2].decode("latin-1")
    return f"kanban-key-{port if port.isdecimal() else ''}"


def kept_key(headers: Mapping[bytes, bytes]) -> str | None:
    """The key of someone who signed in with a browser. Only pages of this server itself may use it.

    The cookie is not sent for other sites, yet another port of this machine is the same site, and origins may be
    allowed to call with keys of their own.
    """
    if b"cookie" not in headers or not _of_our_page(headers):
        return None
    try:
        kept = SimpleCookie(headers[b"cookie"].decode("latin-1")).get(cookie_name(headers))
    except CookieError:
        return None
    return kept.value if kept else None


def _of_our_page(headers: Mapping[bytes, bytes]) -> bool:
    origin = headers.get(b"origin")
    ours = origin is None or origin.lower().partition(b"://")[2] == headers.get(b"host", b"").lower()
    return ours and headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")


def _names_this_machine(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request was meant for a server on the caller's own machine: one that a proxy passes on was not."""
    return _LOCAL_HOST.fullmatch(headers.get(b"host", b"")) is not None and FORWARDED.isdisjoint(headers)


def _claimed(headers: Mapping[bytes, bytes]) -> str:
    """The name that someone on this machine gives itself, on one line and no longer than an actor may be."""
    if b"x-actor" not in headers:
        return ""
    name = " ".join(_text(headers[b"x-actor"]).split())
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST_ACTOR]


def _text(value: bytes) -> str:
    """A header as text: programs write UTF-8, browsers ISO-8859-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
