"""Who wants to hear that a resource, or the list of them, has changed: both eras, fed by the change log.

`subscriptions/listen` is a stream that a client opened; before it, `resources/subscribe` noted an address for a
connection. Both hear of a write in any process on the file. What changes with the clock alone, such as the end of a
lease, is not told.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mcp import types
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import ListenHandler, ResourcesListChanged, ResourceUpdated, ServerEvent

from kanban_mcp.app import App
from kanban_mcp.errors import Invalid, KanbanError
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.change import Change
from kanban_mcp.store.invalidation import scopes_of
from kanban_mcp.store.news import News
from kanban_mcp.transport.mcp.resources import Resources

MOST_ADDRESSES = 1000
"""Addresses that one subscription names."""
LISTING = {"name", "archived_at"}
"""Fields of a board that the list of resources depends on."""


class Watch(NamedTuple):
    """An address, and the scopes it shows: what of `touched_by` makes it another."""

    uri: str
    shown: frozenset[str]


class Bus:
    """Fans events out to whoever listens; made from the change log, for the addresses that are watched."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._stop: Callable[[], None] | None = None
        self._listeners: dict[object, tuple[asyncio.AbstractEventLoop, Callable[[ServerEvent], None]]] = {}
        self._watched: Counter[Watch] = Counter()

    async def publish(self, event: ServerEvent) -> None:
        """Tell everyone who listens."""
        self._tell([event])

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Call this with every event, on the event loop that runs now, until the function answered is called."""
        key = object()
        self._listeners[key] = (asyncio.get_running_loop(), listener)
        if self._stop is None:
            self._stop = self._news.listen(self._changed)
        return lambda: self._forget(key)

    def watch(self, *watches: Watch) -> None:
        """Make events of these addresses too; each is counted."""
        self._watched.update(watches)

    def unwatch(self, *watches: Watch) -> None:
        """Take back `watch`."""
        self._watched -= Counter(watches)

    def _forget(self, key: object) -> None:
        self._listeners.pop(key, None)
        if not self._listeners and self._stop is not None:
            self._stop()
            self._stop = None

    def _changed(self, changes: Sequence[Change]) -> None:
        """On the feed's thread."""
        touched = set().union(*map(touched_by, changes))
        events: list[ServerEvent] = [
            ResourceUpdated(uri=uri) for uri, shown in list(self._watched) if not touched.isdisjoint(shown)
        ]
        if any(map(_changes_list, changes)):
            events.append(ResourcesListChanged())
        self._tell(events)

    def _tell(self, events: Sequence[ServerEvent]) -> None:
        for loop in {loop for loop, _ in list(self._listeners.values())} if events else ():
            with contextlib.suppress(RuntimeError):  # the loop may have ended
                loop.call_soon_threadsafe(self._hand_out, loop, events)

    def _hand_out(self, loop: asyncio.AbstractEventLoop, events: Sequence[ServerEvent]) -> None:
        """On the event loop of these listeners."""
        for place, listener in list(self._listeners.values()):
            for event in events if place is loop else ():
                listener(event)


def touched_by(change: Change) -> set[str]:
    """The scopes of what a change alters, as `Subscriptions.shown` has them."""
    if change.entity == "note":
        return {f"task:{change.task_id}"}
    scopes = scopes_of(change)
    if change.entity == "tag":
        return scopes if change.action == "created" else scopes | {"names"}
    fields = {**(change.before or {}), **(change.after or {})}
    if "tags" in fields or change.action in ("archived", "restored", "deleted"):
        scopes.add("tags")
    return scopes | {"tasks"}


def _changes_list(change: Change) -> bool:
    """Whether other resources are listed after a change, or under another title."""
    if change.entity != "board":
        return False
    return change.action in ("created", "deleted") or not LISTING.isdisjoint(change.after or {})


class Subscriptions:
    """The requests about subscriptions. One of these serves all clients of an app."""

    def __init__(self, app: App, resources: Resources) -> None:
        self._app = app
        self._resources = resources
        self._bus = Bus(app.news)
        self._handler = ListenHandler(self._bus)

    def close(self) -> None:
        """End all open streams, as a server does that goes away."""
        self._handler.close()

    async def listen(
        self, context: ServerRequestContext[Any], params: types.SubscriptionsListenRequestParams, caller: Caller
    ) -> types.SubscriptionsListenResult:
        """Serve a stream until its client ends it.

        Not acknowledged are addresses of nothing the caller may see, and lists of tools and prompts: they never change.
        """
        wanted = params.notifications.resource_subscriptions or []
        if len(wanted) > MOST_ADDRESSES:
            raise Invalid(f"A subscription names at most {MOST_ADDRESSES} addresses.", hint="Open several.")
        watches = [Watch(uri, shown) for uri in dict.fromkeys(wanted) if (shown := await self._seen(uri, caller))]
        kept = types.SubscriptionFilter(
            resources_list_changed=params.notifications.resources_list_changed,
            resource_subscriptions=[watch.uri for watch in watches],
        )
        self._bus.watch(*watches)
        try:
            return await self._handler(context, params.model_copy(update={"notifications": kept}))
        finally:
            self._bus.unwatch(*watches)

    async def subscribe(self, context: ServerRequestContext[Any], uri: str, caller: Caller) -> types.EmptyResult:
        """Note an address for the client's connection. Raises what reading it would raise."""
        self._connected(context).watch(uri, await self.shown(uri, caller))
        return types.EmptyResult()

    async def unsubscribe(self, context: ServerRequestContext[Any], uri: str) -> types.EmptyResult:
        """Forget an address; one that was not noted is none."""
        self._connected(context).forget(uri)
        return types.EmptyResult()

    def listed(self, context: ServerRequestContext[Any]) -> None:
        """A client of the older era has the list now: tell it when that changes."""
        self._connected(context)

    async def _seen(self, uri: str, caller: Caller) -> frozenset[str]:
        try:
            return await self.shown(uri, caller)
        except KanbanError:
            return frozenset()

    async def shown(self, uri: str, caller: Caller) -> frozenset[str]:
        """The scopes that an address shows, of `touched_by`. Raises NotFound, Forbidden."""
        kind, given = self._resources.found(uri)
        board = given.get("board_id") or given.get("board")
        if board is not None:
            view = await self._app.runner.read("get_board", {"board": board, "limit": 1}, caller=caller)
            return frozenset({f"board:{view.value['id']}", "names"})
        if "task_id" in given:
            await self._resources.read(uri, caller)
            return frozenset({f"task:{given['task_id']}", "names"})
        if kind.name == "diagnostics":
            return frozenset()
        if kind.name == "tags":
            await self._resources.read(uri, caller)
            return frozenset({"tags"})
        return frozenset({"tasks"} if caller.boards is None else {f"board:{board}" for board in caller.boards})

    def _connected(self, context: ServerRequestContext[Any]) -> "_Connected":
        # The session is made for each request, and only its connection lasts; nothing public leads there.
        connection = context.session._connection
        found: _Connected | None = connection.state.get("kanban")
        if found is None:
            found = connection.state["kanban"] = _Connected(connection, self._bus)
            connection.exit_stack.callback(found.close)
        return found


class _Connected:
    """A connection of the older era: what it asked for, and what it is still to be told."""

    def __init__(self, connection: Connection, bus: Bus) -> None:
        self._connection = connection
        self._bus = bus
        self._watches: dict[str, Watch] = {}
        self._due: dict[ServerEvent, None] = {}
        self._news = asyncio.Event()
        self._stop = bus.subscribe(self._hear)
        self._sending = asyncio.get_running_loop().create_task(self._send())

    def watch(self, uri: str, shown: frozenset[str]) -> None:
        """Tell of an address from now on."""
        if len(self._watches) >= MOST_ADDRESSES:
            raise Invalid(f"A client subscribes to at most {MOST_ADDRESSES} addresses.", hint="Unsubscribe some.")
        self.forget(uri)
        self._watches[uri] = Watch(uri, shown)
        self._bus.watch(self._watches[uri])

    def forget(self, uri: str) -> None:
        """Tell of an address no more."""
        if (watch := self._watches.pop(uri, None)) is not None:
            self._bus.unwatch(watch)

    def close(self) -> None:
        """The connection ended."""
        self._stop()
        self._sending.cancel()
        for uri in list(self._watches):
            self.forget(uri)

    def _hear(self, event: ServerEvent) -> None:
        if not isinstance(event, ResourceUpdated) or event.uri in self._watches:
            self._due[event] = None
            self._news.set()

    async def _send(self) -> None:
        """An event that comes again before it could be sent is sent once: clients read anew what it names."""
        while await self._news.wait():
            self._news.clear()
            due, self._due = self._due, {}
            for event in due:
                if isinstance(event, ResourceUpdated):
                    await self._connection.send_resource_updated(event.uri)
                elif isinstance(event, ResourcesListChanged):
                    await self._connection.send_resource_list_changed()
