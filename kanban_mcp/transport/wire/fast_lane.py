"""Answers to what agents ask all day, without the protocol's library between.

The library spends nine tenths of a call on its envelopes. Here the operation's own text is put into the envelope as
it is; what is not plain takes the library's way, and both ways give the same answers.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from pydantic_core import to_json

from kanban_mcp.answers import Answer, problem
from kanban_mcp.errors import KanbanError
from kanban_mcp.models.caller import Caller, Rights
from kanban_mcp.settings import Settings
from kanban_mcp.transport.wire.introduction import STAMP, Introduction, actor_named
from kanban_mcp.transport.wire.recognition import Asker, Request, RequestId, call_in

if TYPE_CHECKING:
    from kanban_mcp.operations import Call, Operation
    from kanban_mcp.runner import Runner
    from kanban_mcp.store.cache import Moment

Line: TypeAlias = bytes
"""A message as it goes over the wire, without the end of a line."""

_OLD_END = b"}}"
_NEW_END = b"," + to_json(STAMP)[1:-1] + b"}}"


CONNECTION_CLOSED = -32000
"""The protocol's number for it."""


class FastLane:
    """Answers plain requests; each answer is a line, or will be one, and None where the SDK is to answer.

    The runner is asked for with the first call: what comes before is told without one.
    """

    def __init__(self, settings: Settings, runner: "Callable[[], Runner]", transport: str) -> None:
        self._settings = settings
        self._find = runner
        self._transport = transport
        self._introduction = Introduction(settings)
        self._user = Caller(settings.actor or "")
        self._tool_lists: dict[tuple[Rights, bool, bool], bytes] = {}

    def hello(self, request: Request, version: str) -> Line:
        """The answer to a handshake."""
        return succeeded(request.id, to_json(self._introduction.initialize(version)))

    def legacy(self, request: Request, asker: Asker) -> Line | Awaitable[Line] | None:
        """The answer to a request of a client that has shaken hands, and so said who it is."""
        match request.method:
            case "tools/call":
                return self._call(request, asker, modern=False)
            case "tools/list" if not request.params:
                return succeeded(request.id, self._tools(self._user, asker, modern=False))
            case "ping" if not request.params:
                return succeeded(request.id, b"{}")
        return None

    def modern(
        self, request: Request, asker: Asker, caller: Caller | None = None, moment: "Moment | None" = None
    ) -> Line | Awaitable[Line] | None:
        """The answer to a request that said who asks; `caller` is whom HTTP has let in, and `moment` when."""
        match request.method:
            case "tools/call":
                return self._call(request, asker, modern=True, caller=caller, moment=moment)
            case "tools/list" if not request.params:
                return succeeded(request.id, self._tools(caller or self._user, asker, modern=True))
            case "server/discover" if not request.params:
                return succeeded(request.id, self._discovery)
        return None

    def _tools(self, caller: Caller, asker: Asker, *, modern: bool) -> bytes:
        kind = caller.rights, asker.pages, modern
        if (kept := self._tool_lists.get(kind)) is None:
            listed = self._introduction.list_tools(caller, modern=modern, pages=asker.pages)
            kept = self._tool_lists[kind] = to_json(listed)
        return kept

    @cached_property
    def _discovery(self) -> bytes:
        return to_json(self._introduction.discover)

    @cached_property
    def _runner(self) -> "Runner":
        return self._find()

    @cached_property
    def _swift(self) -> "Mapping[str, Operation]":
        """Operations that ask nothing back and tell nothing on the way."""
        return {operation.name: operation for operation in self._runner.catalog if operation.effect != "destroy"}

    def _call(
        self,
        request: Request,
        asker: Asker,
        *,
        modern: bool,
        caller: Caller | None = None,
        moment: "Moment | None" = None,
    ) -> Line | Awaitable[Line] | None:
        call = self.call(request)
        return None if call is None else self.make(request.id, call, asker, modern=modern, caller=caller, moment=moment)

    def call(self, request: Request) -> "Call | None":
        """The call that a request makes, if it is a plain one."""
        asked = call_in(request.params)
        operation = None if asked is None else self._swift.get(asked.name)
        return None if asked is None or operation is None else operation.call(asked.arguments)

    def make(
        self,
        request: RequestId,
        call: "Call",
        asker: Asker,
        *,
        modern: bool,
        caller: Caller | None = None,
        moment: "Moment | None" = None,
    ) -> Line | Awaitable[Line]:
        """The answer to a call, which may have been made before; `caller` and `moment` as with `modern`."""
        caller = caller or self._user
        if not caller.actor:
            caller = caller.named(actor_named(asker.name))
        try:
            begun = self._runner.make(call, caller=caller, transport=self._transport, moment=moment)
        except KanbanError as error:
            return self._refused(request, error, caller, modern)
        if isinstance(begun, Answer):
            return result(request, begun, modern=modern)
        return self._awaited(request, begun, caller, modern)

    async def _awaited(self, request: RequestId, begun: Awaitable[Answer], caller: Caller, modern: bool) -> Line:
        try:
            return result(request, await begun, modern=modern)
        except KanbanError as error:
            return self._refused(request, error, caller, modern)

    def _refused(self, request: RequestId, error: KanbanError, caller: Caller, modern: bool) -> Line:
        """An error an agent can act on."""
        text = problem(self._runner.catalog.advised(error, caller)).text
        return _tool_result(request, text, b"true", modern)


def succeeded(request: RequestId, result: bytes) -> Line:
    """A result as the answer to a request."""
    return b'{"jsonrpc":"2.0","id":' + to_json(request) + b',"result":' + result + b"}"


def failed(request: RequestId, code: int, message: str) -> Line:
    """An error of the protocol as the answer to a request."""
    return to_json({"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": message}})


def result(request: RequestId, answer: Answer, *, modern: bool) -> Line:
    """What an operation answered, in both forms hosts look at; they carry the same data."""
    return _tool_result(request, answer.text, b"false", modern)


def _tool_result(request: RequestId, text: str, failed: bytes, modern: bool) -> Line:
    return b"".join(
        (
            b'{"jsonrpc":"2.0","id":',
            to_json(request),
            b',"result":{"content":[{"type":"text","text":',
            to_json(text),
            b'}],"structuredContent":',
            text.encode(),
            b',"isError":',
            failed,
            _NEW_END if modern else _OLD_END,
        )
    )
