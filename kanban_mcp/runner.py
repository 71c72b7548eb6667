"""Runs operations: the one way to them, for every transport."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kanban_mcp.answers import Answer
from kanban_mcp.catalog import Catalog
from kanban_mcp.errors import Internal, KanbanError
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Call, Operation
from kanban_mcp.reads import Reads
from kanban_mcp.store.cache import Moment
from kanban_mcp.writes import Writes

log = logging.getLogger(__name__)


class Runner:
    """Checks a call, carries it out, and tells what went wrong.

    `on_call`, when set, is told of every call: operation, transport, seconds, and the code of its error.
    """

    on_call: Callable[[str, str, float, str | None], None] | None = None

    def __init__(self, catalog: Catalog, reads: Reads, writes: Writes) -> None:
        self.catalog = catalog
        self._reads = reads
        self._writes = writes

    async def call(self, name: str, arguments: Mapping[str, Any], *, actor: str) -> dict[str, Any]:
        """Run an operation for someone who may do everything; its result as JSON values. Raises KanbanError alone."""
        return (await self.answer(name, arguments, caller=Caller(actor))).value

    async def answer(
        self, name: str, arguments: Mapping[str, Any], *, caller: Caller, transport: str = "direct"
    ) -> Answer:
        """Run an operation for a caller; its result, also as text. Raises KanbanError and nothing else."""
        begun = self.begin(name, arguments, caller=caller, transport=transport)
        return begun if isinstance(begun, Answer) else await begun

    async def read(
        self, name: str, arguments: Mapping[str, Any], *, caller: Caller, transport: str = "direct"
    ) -> Answer:
        """`answer` of a reading operation, also of a toolset that is off: tools are chosen to save tokens.

        What callers get in other ways, such as resources and prompts, is read by this.
        """
        begun = self.begin(name, arguments, caller=caller, transport=transport, find=self.catalog.reading)
        return begun if isinstance(begun, Answer) else await begun

    def release(self) -> None:
        """Let no call wait for news any longer: the server ends."""
        self._reads.release()

    def begin(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        caller: Caller,
        transport: str = "direct",
        find: Callable[[str], Operation] | None = None,
        given: Callable[[], object] | None = None,
        moment: Moment | None = None,
    ) -> Answer | Awaitable[Answer]:
        """`answer`, as far as it comes without waiting: where that is the end, no task need be made for it.

        `given` is asked in the transaction of a write, before it; what it raises forbids the write. `moment` is when
        the log was last looked at for this call: it is not asked again whether a kept answer is true.
        """
        started = time.perf_counter()
        try:
            call = Call((find or self.catalog.__getitem__)(name), arguments)
        except KanbanError as error:
            self._tell(name, transport, started, error.code)
            raise
        return self.make(call, caller=caller, transport=transport, given=given, moment=moment)

    def make(
        self,
        call: Call,
        *,
        caller: Caller,
        transport: str = "direct",
        given: Callable[[], object] | None = None,
        moment: Moment | None = None,
    ) -> Answer | Awaitable[Answer]:
        """`begin` with a call that may have been made before, of an operation that is known to be offered."""
        started, name = time.perf_counter(), call.operation.name
        try:
            begun = self._made(call, caller, given, moment)
        except KanbanError as error:
            self._tell(name, transport, started, error.code)
            raise
        if isinstance(begun, Answer):
            self._tell(name, transport, started, None)
            return begun
        return self._finish(name, transport, started, begun)

    def _made(
        self, call: Call, caller: Caller, given: Callable[[], object] | None, moment: Moment | None
    ) -> Answer | Awaitable[Answer]:
        operation = call.operation
        try:
            operation.permit(caller)
            if operation.effect == "read":
                return self._reads.begin(call, caller=caller, moment=moment)
            return self._writes.begin(operation, dict(call.arguments), caller=caller, given=given)
        except KanbanError:
            raise
        except Exception as error:
            raise _internal(operation.name) from error

    async def _finish(self, name: str, transport: str, started: float, begun: Awaitable[Answer]) -> Answer:
        code: str | None = "cancelled"
        try:
            found = await begun
            code = None
            return found
        except KanbanError as error:
            code = error.code
            raise
        except Exception as error:
            code = Internal.code
            raise _internal(name) from error
        finally:
            self._tell(name, transport, started, code)

    def _tell(self, name: str, transport: str, started: float, code: str | None) -> None:
        if self.on_call is not None:
            known = name if code is None or name in self.catalog else "unknown"
            self.on_call(known, transport, time.perf_counter() - started, code)


def _internal(name: str) -> Internal:
    """What to tell about the exception being handled, after telling the log."""
    log.exception("operation failed", extra={"operation": name})
    return Internal("The server failed on this call; nothing was changed.", hint="Its log says why.")
