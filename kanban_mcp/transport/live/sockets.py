"""One WebSocket: what its client asks for, and a bounded queue of what it is told."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kanban_mcp.app import App
from kanban_mcp.errors import Invalid, KanbanError, Unauthorized
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.fields import Seq
from kanban_mcp.transport.access.keyring import Keyring
from kanban_mcp.transport.access.strangers import SECONDS, STRANGER
from kanban_mcp.transport.live import frames
from kanban_mcp.transport.live.frames import Frame
from kanban_mcp.transport.live.rooms import Room, Rooms

MOST_ROOMS = 100
"""Rooms of one socket."""
_KINDS = ("subscribe", "unsubscribe", "ping", "authenticate")
PAGE = 100
"""Changes read from the log at a time by one who was away."""
PUSH = "kanban.push"
"""The extension of a server that writes a frame at once if nothing of before waits; else it answers False."""
TOO_SLOW = 1013
POLICY = 1008

RoomName = Annotated[str, StringConstraints(pattern=r"^(board|task):[1-9][0-9]{0,17}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Subscribe(_Asked):
    """Hear of rooms: of what was committed after `since`, or from now on."""

    type: Literal["subscribe"]
    rooms: Annotated[list[RoomName], Field(min_length=1, max_length=MOST_ROOMS)]
    since: Seq | None = None


class Unsubscribe(_Asked):
    """Hear of rooms no more; of all without `rooms`."""

    type: Literal["unsubscribe"]
    rooms: Annotated[list[RoomName], Field(max_length=MOST_ROOMS)] | None = None


class Ping(_Asked):
    """Ask for a `pong`: it comes after all that was asked before."""

    type: Literal["ping"]


class Authenticate(_Asked):
    """Say who calls, where headers cannot: answered by another `welcome`. A wrong key closes the socket."""

    type: Literal["authenticate"]
    key: Annotated[str, Field(max_length=200)]


Asked: TypeAlias = Subscribe | Unsubscribe | Ping | Authenticate
_ASKED: TypeAdapter[Asked] = TypeAdapter(Annotated[Asked, Field(discriminator="type")])


class Subscription:
    """A socket in a room."""

    __slots__ = ("hear", "live", "seen")

    def __init__(self, hear: Callable[[Frame], None], seen: int) -> None:
        self.hear = hear
        self.seen = seen
        self.live = False


class Socket:
    """Serves one connection from `welcome` to its end."""

    def __init__(self, websocket: WebSocket, app: App, rooms: Rooms, keyring: Keyring) -> None:
        self._settings = settings = app.settings
        self.caller: Caller = websocket.scope["caller"]
        self._websocket = websocket
        self._push: Callable[[bytes], bool] = websocket.scope["extensions"].get(PUSH, _not_at_once)
        self._runner = app.runner
        self._last_seq = app.news.last
        self._rooms = rooms
        self._keyring = keyring
        self._most = settings.websocket_batch
        self._patience = settings.websocket_patience_seconds
        self._queue: asyncio.Queue[Frame] = asyncio.Queue(settings.websocket_queue)
        self._sending = True
        self._joined: dict[str, Subscription] = {}
        self._ended = asyncio.Event()
        self._end = (1000, "")

    async def serve(self) -> None:
        """Until the client goes, reads too slowly, or `end` is called."""
        tasks = [asyncio.ensure_future(part) for part in (self._send(), self._receive(), self._ended.wait())]
        introduced = min(SECONDS, self._settings.websocket_heartbeat_seconds)
        patience = asyncio.get_running_loop().call_later(introduced, self._let_strangers_go)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
            for name in list(self._joined):
                self._leave(name)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for failed in results:
            if isinstance(failed, Exception):
                raise failed
        await self._close()

    def expire(self) -> None:
        """End a socket whose key is not valid any more; strangers have a time of their own to bring one."""
        if self.caller != STRANGER:
            self.end(POLICY, "The key is not valid, or no longer.")

    def _let_strangers_go(self) -> None:
        if self.caller == STRANGER:
            self.end(POLICY, "No key came in time.")

    def end(self, code: int, reason: str) -> None:
        """Close the connection; the first reason counts."""
        if not self._ended.is_set():
            self._end = (code, reason)
            self._ended.set()

    def hear(self, frame: Frame) -> None:
        """Write a frame at once where the client keeps up, which spares a task's turn for each of many sockets.

        Else it goes into the queue; where there is no room, the client reads too slowly and is let go.
        """
        # A frame under way must not be overtaken: its task may still wait for its turn when the buffer is empty again.
        waiting = self._sending or not self._queue.empty()
        if frame.wire is not None and not waiting and self._push(frame.wire):
            return
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.end(TOO_SLOW, "Reads too slowly; subscribe again with since.")

    async def _send(self) -> None:
        frame = self._welcome()
        while True:
            try:
                async with asyncio.timeout(self._patience):
                    await self._websocket.send({"type": "websocket.send", "text": frame.text})
            except TimeoutError:
                return self.end(TOO_SLOW, "Reads too slowly; subscribe again with since.")
            except (WebSocketDisconnect, OSError):
                return self.end(1000, "")
            self._sending = False
            frame = await self._queue.get()
            self._sending = True
            self._queue.task_done()

    async def _receive(self) -> None:
        while (received := await self._websocket.receive())["type"] == "websocket.receive":
            text = received.get("text")
            try:
                if text is None:
                    raise Invalid("Binary frames are not understood.", hint="Send JSON as text.")
                await self._do(_asked(text))
            except KanbanError as error:
                await self._queue.put(frames.error(error))

    async def _do(self, asked: Asked) -> None:
        if isinstance(asked, Ping):
            await self._queue.put(frames.pong())
        elif isinstance(asked, Unsubscribe):
            for name in list(self._joined) if asked.rooms is None else asked.rooms:
                self._leave(name)
        elif isinstance(asked, Authenticate):
            await self._authenticate(asked.key)
        elif self.caller == STRANGER:
            raise Unauthorized(
                "This server asks for an API key.",
                hint='Send {"type":"authenticate","key":"kbn_..."}, then go on; `kanban-mcp keys create` makes one.',
            )
        else:
            for name in dict.fromkeys(asked.rooms):
                try:
                    await self._subscribe(name, asked.since)
                except KanbanError as error:
                    self._leave(name)
                    await self._queue.put(frames.error(error, name))

    async def _authenticate(self, key: str) -> None:
        """Take on the caller of a key; what was subscribed as somebody else ends."""
        try:
            self.caller = self._keyring.caller(key)
        except Unauthorized as error:
            self.caller = STRANGER
            self.end(POLICY, error.message)
            return
        for name in list(self._joined):
            self._leave(name)
        await self._queue.put(self._welcome())

    def _welcome(self) -> Frame:
        return frames.welcome(
            self._last_seq() if "read" in self.caller.scopes else None,
            heartbeat=self._settings.websocket_heartbeat_seconds,
            most_messages=self._most,
            most_rooms=MOST_ROOMS,
        )

    async def _subscribe(self, name: str, since: int | None) -> None:
        """Join a room; a second time moves the reading on from the `since` given now."""
        self._leave(name)
        if len(self._joined) >= MOST_ROOMS:
            raise Invalid(f"A socket listens to at most {MOST_ROOMS} rooms.", hint="Unsubscribe some.")
        which = await self._seen(name)
        subscription = self._joined[name] = Subscription(self.hear, 0)
        room = self._rooms.join(name, subscription)
        last = self._last_seq()
        if since is not None and await self._kept(which, since, last):
            subscription.seen = since
            await self._catch_up(room, which, subscription)
        else:
            subscription.seen = last
            subscription.live = True
            if since is not None:
                await self._queue.put(frames.trimmed(name, last))

    async def _catch_up(self, room: Room, which: dict[str, int], subscription: Subscription) -> None:
        """Read what was missed from the log, page by page as the client takes it, until the room is caught up with."""
        while not subscription.live:
            await self._queue.join()  # what other rooms tell meanwhile needs its place in the queue
            told = room.told
            page = await self._changes(which, subscription.seen)
            messages = [frames.listed(page["columns"], row) for row in page["rows"]]
            for start in range(0, len(messages), self._most):
                await self._queue.put(frames.batch(room.name, messages[start : start + self._most]))
            subscription.seen = messages[-1].seq if messages else max(subscription.seen, told)
            subscription.live = not messages and room.told <= subscription.seen

    async def _seen(self, name: str) -> dict[str, int]:
        """The room as arguments of `list_changes`. Raises what reading the board or task raises for the caller."""
        kind, number = name.split(":")
        if kind == "board":
            await self._read("get_board", {"board": int(number), "limit": 1})
            return {"board": int(number)}
        await self._read("get_task", {"task_id": int(number)})
        return {"task_id": int(number)}

    async def _kept(self, which: dict[str, int], since: int, last: int) -> bool:
        """Whether the log tells all that happened after a seq; one that is not reached yet is of another log."""
        return since <= last and not (await self._changes(which, since, limit=1)).get("trimmed", False)

    async def _changes(self, which: dict[str, int], since: int, limit: int = PAGE) -> dict[str, Any]:
        return await self._read("list_changes", {**which, "since": since, "limit": limit})

    async def _read(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return (await self._runner.read(operation, arguments, caller=self.caller, transport="websocket")).value

    def _leave(self, name: str) -> None:
        if (subscription := self._joined.pop(name, None)) is not None:
            self._rooms.leave(name, subscription)

    async def _close(self) -> None:
        """Say goodbye to a client that is still there; the protocol ends what it does not take."""
        if self._websocket.client_state is not WebSocketState.DISCONNECTED:
            code, reason = self._end
            try:
                async with asyncio.timeout(0.5):
                    await self._websocket.send({"type": "websocket.close", "code": code, "reason": reason})
            except (TimeoutError, RuntimeError, WebSocketDisconnect, OSError):
                return  # it went, or takes nothing: nobody is left to be told


def _not_at_once(frame: bytes) -> bool:
    return False


def _asked(text: str) -> Asked:
    try:
        return _ASKED.validate_python(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Invalid(
            f"Not a message: {_what(error)}.",
            hint='Send {"type":"subscribe","rooms":["board:1"],"since":seq}, unsubscribe, ping or authenticate.',
        ) from None


def _what(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part not in _KINDS)
        return f"{where}: {first['msg']}" if where else first["msg"]
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it is no JSON"
