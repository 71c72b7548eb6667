"""Runs operations: the one way to them, for every transport."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from kanban_mcp.answers import Answer, CallSample
from kanban_mcp.catalog import Catalog
from kanban_mcp.errors import Forbidden, Internal, KanbanError
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Operation
from kanban_mcp.reads import Reads
from kanban_mcp.writes import Writes

log = logging.getLogger(__name__)


class Runner:
    """Checks a call, carries it out, and tells what went wrong. `on_call`, when set, is told of every call."""

    on_call: Callable[[CallSample], None] | None = None

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
        if self.on_call is None:
            return await self._answer(name, arguments, caller)
        started, code = time.perf_counter(), None
        try:
            return await self._answer(name, arguments, caller)
        except KanbanError as error:
            code = error.code
            raise
        finally:
            self.on_call(
                CallSample(name if name in self.catalog else "unknown", transport, time.perf_counter() - started, code)
            )

    async def _answer(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        try:
            operation = self.catalog[name]
            if operation.scope not in caller.scopes:
                raise _forbidden(operation)
            run = self._reads.run if operation.effect == "read" else self._writes.run
            return await run(operation, operation.checked(arguments), caller=caller)
        except KanbanError:
            raise
        except Exception as error:
            log.exception("operation failed", extra={"operation": name})
            raise Internal("The server failed on this call; nothing was changed.", hint="Its log says why.") from error


def _forbidden(operation: Operation) -> Forbidden:
    return Forbidden(
        f"{operation.name} needs the scope {operation.scope!r}.",
        hint="Use a key that has it; `kanban-mcp keys create` makes one.",
    )
