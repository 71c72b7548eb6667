"""Runs operations: the one way to them, for every transport."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from kanban_mcp.answers import Answer, CallSample
from kanban_mcp.catalog import Catalog
from kanban_mcp.errors import Internal, KanbanError
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
        """Run an operation and answer its result as JSON values. Raises KanbanError and nothing else."""
        return (await self.answer(name, arguments, actor=actor)).value

    async def answer(self, name: str, arguments: Mapping[str, Any], *, actor: str, transport: str = "direct") -> Answer:
        """`call`, with the result as text too."""
        if self.on_call is None:
            return await self._answer(name, arguments, actor)
        started, code = time.perf_counter(), None
        try:
            return await self._answer(name, arguments, actor)
        except KanbanError as error:
            code = error.code
            raise
        finally:
            self.on_call(
                CallSample(name if name in self.catalog else "unknown", transport, time.perf_counter() - started, code)
            )

    async def _answer(self, name: str, arguments: Mapping[str, Any], actor: str) -> Answer:
        try:
            operation = self.catalog[name]
            run = self._reads.run if operation.effect == "read" else self._writes.run
            return await run(operation, operation.checked(arguments), actor=actor)
        except KanbanError:
            raise
        except Exception as error:
            log.exception("operation failed", extra={"operation": name})
            raise Internal("The server failed on this call; nothing was changed.", hint="Its log says why.") from error
