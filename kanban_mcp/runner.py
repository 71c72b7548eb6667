"""Runs operations: each one is a transaction, reads on the pool, writes on the writer thread."""

import asyncio
import functools
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import structlog

from kanban_mcp.catalog import Catalog
from kanban_mcp.errors import Conflict, Internal, KanbanError
from kanban_mcp.operations import Operation
from kanban_mcp.store import Store
from kanban_mcp.store.clock import later
from kanban_mcp.store.database import Database
from kanban_mcp.store.feed import Feed
from kanban_mcp.store.idempotency import FirstAnswer
from kanban_mcp.store.writer import Writer

KEY_SECONDS = 24 * 3600
"""How long the answer to a call with an idempotency key is kept."""

log = structlog.get_logger("kanban_mcp.runner")


class CallSample(NamedTuple):
    """One call of an operation: how long it took from asking to answer, and the code of its error."""

    operation: str
    seconds: float
    error: str | None


class Runner:
    """The one way to operations, for every transport. `on_call`, when set, is told of every call."""

    on_call: Callable[[CallSample], None] | None = None

    def __init__(self, catalog: Catalog, store: Store, database: Database, writer: Writer, feed: Feed) -> None:
        self.catalog = catalog
        self._store = store
        self._database = database
        self._writer = writer
        self._feed = feed
        # One reader is left for point reads, which run on the event loop and must never wait for it.
        self._readers = anyio.CapacityLimiter(max(1, database.options.readers - 1))

    async def call(self, name: str, arguments: Mapping[str, Any], *, actor: str) -> dict[str, Any]:
        """Run an operation and answer its result as JSON values. Raises KanbanError and nothing else."""
        if self.on_call is None:
            return await self._call(name, arguments, actor)
        started, code = time.perf_counter(), None
        try:
            return await self._call(name, arguments, actor)
        except KanbanError as error:
            code = error.code
            raise
        finally:
            self.on_call(CallSample(name, time.perf_counter() - started, code))

    async def _call(self, name: str, arguments: Mapping[str, Any], actor: str) -> dict[str, Any]:
        try:
            operation = self.catalog[name]
            checked = operation.checked(arguments)
            if operation.effect != "read":
                return await asyncio.wrap_future(self._writer.submit(self._job(operation, checked), actor=actor))
            wait = checked.pop("wait", 0)
            read = functools.partial(self._read, operation, checked, actor)
            if operation.point:
                return read()
            return await (self._awaited(read, wait) if wait else self._threaded(read))
        except KanbanError:
            raise
        except Exception as error:
            log.exception("operation failed", operation=name)
            raise Internal("The server failed on this call; nothing was changed.", hint="Its log says why.") from error

    async def _threaded(self, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(read, limiter=self._readers)

    async def _awaited(self, read: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
        """The first answer that has rows, or the one at the end of the wait."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        stop = self._feed.listen(lambda: loop.call_soon_threadsafe(changed.set))
        try:
            answer = await self._threaded(read)
            with anyio.move_on_after(seconds):
                while not answer["rows"]:
                    await changed.wait()
                    changed.clear()
                    answer = await self._threaded(read)
            return answer
        finally:
            stop()

    def _read(self, operation: Operation, arguments: dict[str, Any], actor: str) -> dict[str, Any]:
        with self._database.reading(actor):
            return operation.method(**arguments).lean()

    def _job(self, operation: Operation, arguments: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        key = arguments.pop("idempotency_key", None)
        if key is None:
            return lambda: operation.method(**arguments).lean()
        return functools.partial(self._once, operation, arguments, key)

    def _once(self, operation: Operation, arguments: dict[str, Any], key: str) -> dict[str, Any]:
        """The first answer under the actor's key, or that of carrying the operation out."""
        actor, now, digest = self._store.actor, self._store.now, _digest(arguments)
        oldest = later(now, -KEY_SECONDS)
        first = self._store.idempotency.get(actor, key, oldest)
        if first is None:
            result = operation.method(**arguments).lean()
            answer = FirstAnswer(operation.name, digest, json.dumps(result, ensure_ascii=False))
            self._store.idempotency.put(actor, key, answer, now, oldest)
            return result
        if (first.operation, first.arguments) != (operation.name, digest):
            raise Conflict(
                f"The idempotency key {key!r} was used for another call of {first.operation}.",
                hint="Use a new key for a new call; repeat a call with the same arguments.",
            )
        known: dict[str, Any] = json.loads(first.result)
        return known


def _digest(arguments: Mapping[str, Any]) -> str:
    """The same for the same arguments, in whatever order they came."""
    return hashlib.sha256(json.dumps(arguments, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")
