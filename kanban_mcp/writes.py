"""How operations write: as a job of the writer, once for each idempotency key."""

import asyncio
import hashlib
import json
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio.to_thread

from kanban_mcp.answers import Answer, answer
from kanban_mcp.errors import Conflict
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.record import Record
from kanban_mcp.operations import Operation
from kanban_mcp.store.clock import later
from kanban_mcp.store.idempotency import FirstAnswer
from kanban_mcp.store.landing import Landing
from kanban_mcp.store.store import Store
from kanban_mcp.store.writer import Writer

KEY_SECONDS = 24 * 3600
"""How long the answer to a call with an idempotency key is kept."""


class Writes:
    """Runs writing operations; each is a transaction, answered after its commit."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer
        self._landings: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Landing] = weakref.WeakKeyDictionary()

    def begin(
        self,
        operation: Operation,
        arguments: dict[str, Any],
        *,
        caller: Caller,
        given: Callable[[], object] | None = None,
    ) -> Awaitable[Answer]:
        """Queue a writing operation with checked arguments. `given` raises, in its transaction, what forbids it."""
        key = arguments.pop("idempotency_key", None)
        if operation.prepare is not None:
            return self._prepared(operation.prepare, arguments, caller, given)

        def run() -> Answer:
            if given is not None:
                given()
            return answer(operation.method(**arguments).lean())

        def job() -> Answer:
            return run() if key is None else self._once(operation, arguments, key, run)

        return self._awaited(job, caller)

    def _awaited(self, job: Callable[[], Answer], caller: Caller) -> Awaitable[Answer]:
        loop = asyncio.get_running_loop()
        if (landing := self._landings.get(loop)) is None:
            landing = self._landings[loop] = Landing(loop)
        return landing.awaited(self._writer.submit(job, caller=caller, landing=landing))

    async def _prepared(
        self,
        prepare: Callable[..., Callable[[], Record]],
        arguments: dict[str, Any],
        caller: Caller,
        given: Callable[[], object] | None,
    ) -> Answer:
        """Read and check on a thread first, so that other writers wait for nothing but the writing."""

        def read() -> Callable[[], Record]:
            with self._store.reading(caller):
                return prepare(**arguments)

        write = await anyio.to_thread.run_sync(read)

        def job() -> Answer:
            if given is not None:
                given()
            return answer(write().lean())

        return await self._awaited(job, caller)

    def _once(self, operation: Operation, arguments: dict[str, Any], key: str, run: Callable[[], Answer]) -> Answer:
        """The first answer under the actor's key, or that of carrying the operation out."""
        actor, now, digest = _name(self._store.caller), self._store.now, _digest(arguments)
        oldest = later(now, -KEY_SECONDS)
        first = self._store.idempotency.get(actor, key, oldest)
        if first is None:
            result = run()
            self._store.idempotency.put(actor, key, FirstAnswer(operation.name, digest, result.text), now, oldest)
            return result
        if (first.operation, first.arguments) != (operation.name, digest):
            raise Conflict(
                f"The idempotency key {key!r} was used for another call of {first.operation}.",
                hint="Use a new key for a new call; repeat a call with the same arguments.",
            )
        return Answer(json.loads(first.result), first.result)


def _name(caller: Caller) -> str:
    """Whose keys they are: those of callers limited to boards are apart, for an answer may show more than they see."""
    return caller.actor if caller.boards is None else f"{caller.actor} {sorted(caller.boards)}"


def _digest(arguments: Mapping[str, Any]) -> str:
    """The same for the same arguments, in whatever order they came."""
    return hashlib.sha256(json.dumps(arguments, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")
