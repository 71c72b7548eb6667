"""How operations read: in a transaction of their own, inline or on a thread, from the cache where that is true."""

import asyncio
import functools
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread
from pydantic_core import from_json

from kanban_mcp.answers import Answer, answer, joined
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Call, Operation
from kanban_mcp.services.services import Services
from kanban_mcp.store.cache import Cache, Moment
from kanban_mcp.store.database import Database
from kanban_mcp.store.feed import Feed
from kanban_mcp.store.follower import Follower
from kanban_mcp.store.remote import Remote, Shared
from kanban_mcp.views import SHARED, VIEWS, Scopes

_T = TypeVar("_T")


class _Kept(NamedTuple):
    """An answer in the cache; `timeless` if its fresh part was empty, which only a change can end."""

    answer: Answer
    timeless: bool = False


class Reads:
    """Runs reading operations."""

    def __init__(
        self,
        database: Database,
        services: Services,
        feed: Feed,
        cache: Cache,
        follower: Follower,
        remote: Remote | None = None,
    ) -> None:
        self._database = database
        self._services = services
        self._feed = feed
        self._cache = cache
        self._follower = follower
        self._remote = remote
        self._loading: dict[tuple[str, str, Moment], asyncio.Future[_Kept]] = {}
        # One reader is left for what runs on the event loop and must never wait for it.
        self._threads = anyio.CapacityLimiter(max(1, database.options.readers - 1))
        self._waiting: set[asyncio.Event] = set()
        self._released = False

    def begin(self, call: Call, *, caller: Caller, moment: Moment | None = None) -> Answer | Awaitable[Answer]:
        """Carry out a call of a reading operation: at once, or on a thread. Raises Invalid for its arguments.

        `moment` is when the log was last looked at for this call, if it was.
        """
        operation = call.operation
        if operation.name in VIEWS and self._cache.capacity:
            return self._viewed(call, caller, moment or self._follower.follow())
        arguments = dict(call.arguments)
        wait = arguments.pop("wait", 0)
        read = functools.partial(self._read, operation, arguments, caller)
        if operation.point:
            return read()
        if operation.plain:
            return self._plainly(operation, arguments)
        if wait:
            return self._awaited(functools.partial(self._read_as_key, operation, arguments, caller), wait)
        return self._threaded(read)

    def release(self) -> None:
        """Answer those who wait for news with what there is, now and from now on: the server ends."""
        self._released = True
        for changed in self._waiting:
            changed.set()

    def _read(self, operation: Operation, arguments: dict[str, Any], caller: Caller) -> Answer:
        with self._database.reading(caller):
            return answer(operation.whole(**arguments))

    def _read_as_key(self, operation: Operation, arguments: dict[str, Any], caller: Caller) -> Answer:
        """Raises Unauthorized where the key has ended that let the caller in: it may have waited since."""
        with self._database.reading(caller):
            if caller.key is not None:
                self._services.keys.check(caller.key)
            return answer(operation.whole(**arguments))

    async def _plainly(self, operation: Operation, arguments: dict[str, Any]) -> Answer:
        """Without a transaction; one that takes long does not hold up the end of the server."""
        return await anyio.to_thread.run_sync(
            lambda: answer(operation.method(**arguments).lean()), limiter=self._threads, abandon_on_cancel=True
        )

    async def _threaded(self, read: Callable[[], _T]) -> _T:
        return await anyio.to_thread.run_sync(read, limiter=self._threads)

    async def _awaited(self, read: Callable[[], Answer], seconds: float) -> Answer:
        """The first answer that has rows, or the one at the end of the wait."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        stop = self._feed.listen(lambda: loop.call_soon_threadsafe(changed.set))
        self._waiting.add(changed)
        try:
            result = await self._threaded(read)
            with anyio.move_on_after(seconds):
                while not result.value["rows"] and not self._released:
                    await changed.wait()
                    changed.clear()
                    result = await self._threaded(read)
            return result
        finally:
            self._waiting.discard(changed)
            stop()

    # Through the cache

    def _viewed(self, call: Call, caller: Caller, moment: Moment) -> Answer | Awaitable[Answer]:
        """The kept answer while it is true; otherwise it is loaded."""
        operation, arguments, key = call.operation, call.arguments, _key(call, caller)
        kept: _Kept | None = self._cache.get(operation.name, key)
        if kept is None:
            shared = self._remote is not None and operation.name in SHARED
            load_ = self._load_shared if shared else self._load
            load = functools.partial(load_, operation, arguments, caller, key, moment)
            if not operation.point:
                return self._loaded(operation, arguments, caller, (operation.name, key, moment), load)
            kept = load()
        return self._whole(kept, operation, arguments, caller)

    def _whole(self, kept: _Kept, operation: Operation, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        """A kept answer with what depends on the time added anew."""
        if operation.fresh is None or kept.timeless:
            return kept.answer
        return joined(kept.answer, self._fresh(operation.fresh, arguments, caller))

    async def _loaded(
        self,
        operation: Operation,
        arguments: Mapping[str, Any],
        caller: Caller,
        flight: tuple[str, str, Moment],
        load: Callable[[], _Kept],
    ) -> Answer:
        """One load for all who ask for the same at the same moment; who asks after a change gets a load of its own."""
        if (loading := self._loading.get(flight)) is None:
            self._loading[flight] = loading = asyncio.ensure_future(self._threaded(load))
            loading.add_done_callback(lambda _: self._loading.pop(flight, None))
        return self._whole(await asyncio.shield(loading), operation, arguments, caller)

    def _load(
        self, operation: Operation, arguments: Mapping[str, Any], caller: Caller, key: str, moment: Moment
    ) -> _Kept:
        scopes_of: Scopes = VIEWS[operation.name]
        with self._database.reading(caller):
            result = answer(operation.method(**arguments).lean())
            kept = _Kept(result, timeless=operation.fresh is not None and not operation.fresh(**arguments).lean())
            scopes = scopes_of(self._services, arguments, result.value)
        if scopes is not None:
            self._cache.put(operation.name, key, kept, scopes=scopes, read=moment, size=len(result.text))
            if self._remote is not None and operation.name in SHARED:
                self._share(self._remote, operation, key, result.text, frozenset(scopes), moment.seq)
        return kept

    def _share(
        self, remote: Remote, operation: Operation, key: str, text: str, scopes: frozenset[str], seq: int
    ) -> None:
        with self._database.reading():
            at = self._follower.moment(seq)
        if at is not None:
            remote.put(operation.name, self._shared_key(key), Shared(text, scopes, seq, at))

    def _load_shared(
        self, operation: Operation, arguments: Mapping[str, Any], caller: Caller, key: str, moment: Moment
    ) -> _Kept:
        """From the processes' shared cache if that has it and it is true, else from the file."""
        assert self._remote is not None
        shared = self._remote.get(operation.name, self._shared_key(key))
        if shared is None or not self._holds(shared):
            return self._load(operation, arguments, caller, key, moment)
        kept = _Kept(Answer(from_json(shared.text), shared.text))
        self._cache.put(operation.name, key, kept, scopes=shared.scopes, read=moment, size=len(shared.text))
        return kept

    def _holds(self, shared: Shared) -> bool:
        with self._database.reading():
            return self._follower.holds(shared.scopes, shared.seq, shared.at)

    def _shared_key(self, key: str) -> str:
        """The key, apart for each file and for each board that a server may be bound to."""
        place = f"{self._database.path} {self._services.boards.bound} {key}"
        return hashlib.sha256(place.encode()).hexdigest()

    def _fresh(self, part: Callable[..., Any], arguments: Mapping[str, Any], caller: Caller) -> Answer:
        with self._database.reading(caller):
            return answer(part(**arguments).lean())


def _key(call: Call, caller: Caller) -> str:
    """The same for calls with the same arguments of callers who see the same boards."""
    return call.key if caller.boards is None else f"{call.key} {sorted(caller.boards)}"
