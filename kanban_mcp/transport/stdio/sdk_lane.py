"""The protocol's library on one conversation: it takes what is not answered without it.

Its own loop over pipes hops between threads for every message, answers nothing to a line it cannot parse, and takes a
client's probe for its choice of protocol era. Fed with messages from here, it does not.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, Self

import anyio
import anyio.lowlevel
from anyio.abc import TaskStatus
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.dispatcher import coerce_request_id
from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params
from mcp.shared.message import SessionMessage

from kanban_mcp.transport.mcp.messages import NoMessage, parsed, written
from kanban_mcp.transport.stdio.pipes import LONGEST_LINE
from kanban_mcp.transport.wire.pages import shows_pages
from kanban_mcp.transport.wire.recognition import Asker, Era, RequestId

_REPLAYED = "kanban-mcp replayed this"


class Client(Protocol):
    """The conversation that the SDK takes part in."""

    era: Era | None

    def decide(self, era: Era) -> None:
        """The era is this."""

    def greet(self, asker: Asker) -> None:
        """A handshake was accepted from a client."""

    def expect(self, request: RequestId) -> None:
        """A request is under way."""

    def settle(self, request: RequestId) -> None:
        """A request is answered, or will not be."""

    def write(self, line: bytes) -> None:
        """Write an answer."""

    async def tell(self, line: bytes) -> None:
        """Write what is no answer, once there is room."""


class SdkLane:
    """Serves lines through the SDK. It takes none before `serve` says that it has started."""

    def __init__(self, server: Server[Any], client: Client) -> None:
        self._server = server
        self._client = client
        self._hellos: dict[types.RequestId, Asker] = {}
        self._feed, self._fed = anyio.create_memory_object_stream[SessionMessage | Exception]()
        self._ended = anyio.Event()
        self._state: Any = None

    async def serve(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve what is taken until `end`."""
        async with self._server.lifespan(self._server) as self._state:
            task_status.started()
            options = self._server.create_initialization_options()
            await serve_dual_era_loop(
                self._server, self._fed, _Sink(self._say), lifespan_state=self._state, init_options=options
            )
        self._ended.set()

    async def end(self) -> None:
        """Take nothing more: calls under way are given up, and their askers told."""
        self._feed.close()
        await self._ended.wait()

    async def take(self, line: bytes | None) -> None:
        """Serve a line, after those before it; None is one that was too long."""
        try:
            message = _taken(line)
        except NoMessage as fault:
            self._client.write(written(fault.answer()))
            await anyio.lowlevel.checkpoint()
            return
        if isinstance(message, types.JSONRPCRequest):
            if self._client.era is None:
                if _is_probe(message):
                    self._client.write(written(await self._answered_alone(message)))
                    return
                self._client.decide("modern" if _is_modern(message) else "legacy")
            self._expect(message)
        elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
            self._settle(cancelled_request_id_from_params(message.params))  # the SDK gives it no answer
        await self._feed.send(SessionMessage(message))

    async def replay(self, line: bytes) -> None:
        """Let it know of a request that was answered without it."""
        await self._feed.send(SessionMessage(parsed(line).model_copy(update={"id": _REPLAYED})))

    def _expect(self, message: types.JSONRPCRequest) -> None:
        request = coerce_request_id(message.id)
        if message.method == "initialize":
            self._hellos[request] = _asker(message.params or {})
        if message.method != "subscriptions/listen":  # answered when the client ends it: nobody waits for that
            self._client.expect(request)

    def _settle(self, request: types.RequestId | None) -> None:
        if request is not None:
            self._client.settle(coerce_request_id(request))

    async def _answered_alone(self, message: types.JSONRPCRequest) -> types.JSONRPCMessage:
        """The answer to a request on a connection of its own, so that it decides nothing for this one."""
        ask, asked = anyio.create_memory_object_stream[SessionMessage | Exception](1)
        answer, answered = anyio.create_memory_object_stream[SessionMessage](1)
        async with anyio.create_task_group() as tasks, ask, answered:
            tasks.start_soon(lambda: serve_dual_era_loop(self._server, asked, answer, lifespan_state=self._state))
            await ask.send(SessionMessage(message))
            result = await answered.receive()
            ask.close()
        return result.message

    async def _say(self, message: types.JSONRPCMessage) -> None:
        if not isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            await self._client.tell(written(message))
        elif message.id != _REPLAYED:
            asker = self._hellos.pop(coerce_request_id(message.id), None) if message.id is not None else None
            if asker is not None and isinstance(message, types.JSONRPCResponse):
                self._client.greet(asker)
            self._settle(message.id)
            self._client.write(written(message))


class _Sink:
    """What the SDK writes to."""

    def __init__(self, say: Callable[[types.JSONRPCMessage], Awaitable[None]]) -> None:
        self._say = say

    async def send(self, item: SessionMessage) -> None:
        await self._say(item.message)

    async def aclose(self) -> None:
        """Nothing: the SDK says this before its last answers."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        return None


def _asker(params: Mapping[str, Any]) -> Asker:
    """Who shakes hands; whether that is in order, the SDK decides."""
    info = params.get("clientInfo")
    return Asker(str(info.get("name", "")) if isinstance(info, dict) else "", shows_pages(params.get("capabilities")))


def _is_modern(message: types.JSONRPCRequest) -> bool:
    """Whether a request that comes first decides for the modern era."""
    meta = (message.params or {}).get("_meta")
    return message.method != "initialize" and isinstance(meta, dict) and types.PROTOCOL_VERSION_META_KEY in meta


def _is_probe(message: types.JSONRPCRequest) -> bool:
    """Whether a client asks for the modern era with it, without choosing that yet.

    It may give up while the server still loads, and fall back to the older handshake: taking its late question as a
    choice would refuse that.
    """
    return message.method == "server/discover" and _is_modern(message)


def _taken(line: bytes | None) -> types.JSONRPCMessage:
    if line is None:
        raise NoMessage(types.INVALID_REQUEST, f"The line is longer than {LONGEST_LINE} bytes.")
    return parsed(line)
