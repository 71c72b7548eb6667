"""Several operations as one: all happen or none, and later ones may use what earlier ones answered."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from kanban_mcp.errors import Invalid, KanbanError
from kanban_mcp.models.record import Record
from kanban_mcp.models.toolset import Toolset
from kanban_mcp.operations import Operation
from kanban_mcp.progress import report
from kanban_mcp.store.store import Store

_APART: set[Toolset] = {"diagnostics", "data"}
_REFERENCE = re.compile(r"^\$(\d{1,2})((?:\.\w+)+)$")


class BatchCall(Record):
    """One call of a batch."""

    operation: str
    arguments: dict[str, Any] = {}


class BatchResult(Record):
    """What the calls answered, in order; `dry_run` says that none of it was kept."""

    results: list[dict[str, Any]]
    dry_run: bool = False


class Batch:
    """The operation that runs others; `find` gives one by name, also of a toolset that is off."""

    def __init__(self, store: Store, find: Callable[[str], Operation]) -> None:
        self._store = store
        self._find = find

    def run_batch(
        self, calls: Annotated[list[BatchCall], Field(min_length=1, max_length=50)], dry_run: bool = False
    ) -> BatchResult:
        """Run up to 50 operations as one: all or none. "$0.id" in arguments is `id` of the first call's result.

        dry_run answers what would happen and keeps nothing. Deletions, diagnostics and files are not for a batch.
        """
        if not dry_run:
            return BatchResult(results=self._run(calls))
        with self._store.rehearsal():
            return BatchResult(results=self._run(calls), dry_run=True)

    def _run(self, calls: list[BatchCall]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        for number, call in enumerate(calls):
            try:
                arguments = _filled(call.arguments, results)
                results.append(self._operation(call.operation).run(arguments))
                report(number + 1, len(calls))
            except KanbanError as error:
                error.message = f"calls[{number}] {call.operation}: {error.message}"
                error.current = {"index": number, **(error.current or {})}
                raise
        return results

    def _operation(self, name: str) -> Operation:
        operation = self._find(name)
        operation.permit(self._store.caller)
        # While a batch runs all writers wait; and what looks at the writer, or writes files, is not undone with it.
        if operation.effect == "destroy" or operation.toolset in _APART or name == "run_batch":
            raise Invalid(f"{name} is not run in a batch.", hint="Call it by itself.")
        return operation


def _filled(value: Any, results: list[dict[str, Any]]) -> Any:
    """The arguments with each `$n.path` replaced by what it names."""
    if isinstance(value, Mapping):
        return {key: _filled(part, results) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, results) for part in value]
    if isinstance(value, str) and (match := _REFERENCE.match(value)):
        return _looked_up(value, int(match[1]), match[2][1:].split("."), results)
    return value


def _looked_up(reference: str, number: int, path: list[str], results: list[dict[str, Any]]) -> Any:
    if number >= len(results):
        raise Invalid(f"{reference!r} refers to no earlier call.", hint="$0 is the first call of the batch.")
    found: Any = results[number]
    for step in path:
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Invalid(
                f"{reference!r} names nothing: the result has no {step!r}.",
                hint=f"It has {', '.join(map(str, results[number]))}.",
            ) from None
    return found
