"""Every operation there is, once: its effect, its toolset, its HTTP address. Transports loop over this page."""

import re
from collections.abc import Iterator, Sequence

from kanban_mcp.batch import Batch
from kanban_mcp.diagnostics.diagnostics import Diagnostics
from kanban_mcp.errors import KanbanError, NotFound, ReadOnly
from kanban_mcp.models.caller import Caller
from kanban_mcp.nearest import nearest
from kanban_mcp.operations import Operation
from kanban_mcp.services.services import Services

_NAMES = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
"""Words that are names of operations, if they are: those of one word, such as `backup`, are also ordinary words."""


def operations(do: Services, batch: Batch, watch: Diagnostics) -> tuple[Operation, ...]:
    """All operations, in the order they are listed to agents."""
    return (*work(do, batch), *_service(do, watch))


def work(do: Services, batch: Batch) -> tuple[Operation, ...]:
    """The operations on boards and what is on them."""
    return (
        Operation("core", "read", do.boards.list_boards, "GET /boards"),
        Operation(
            "core", "write", do.boards.create_board, "POST /boards", keyed=True, creates="/boards/{id}", wide=True
        ),
        Operation("core", "read", do.boards.get_board, "GET /boards/{board}", fresh=do.boards.holders),
        Operation("core", "write", do.tasks.create_task, "POST /tasks", keyed=True, creates="/tasks/{id}"),
        Operation("core", "write", do.tasks.create_tasks, "POST /tasks/batch", keyed=True, creates="/tasks"),
        Operation("core", "read", do.tasks.get_task, "GET /tasks/{task_id}", point=True),
        Operation("core", "read", do.tasks.list_tasks, "GET /tasks"),
        Operation("core", "read", do.search.search, "GET /search"),
        Operation("core", "write", do.tasks.update_task, "PATCH /tasks/{task_id}"),
        Operation("core", "write", do.tasks.move_task, "POST /tasks/{task_id}/move"),
        Operation("core", "write", do.claims.claim_next, "POST /claims", keyed=True),
        Operation("core", "write", do.claims.complete_task, "POST /tasks/{task_id}/complete", keyed=True),
        Operation("core", "write", do.claims.release_task, "POST /tasks/{task_id}/release"),
        Operation("core", "write", do.notes.add_note, "POST /tasks/{task_id}/notes", keyed=True, creates="/notes/{id}"),
        Operation("core", "write", do.dependencies.link_tasks, "POST /tasks/{task_id}/dependencies"),
        Operation("core", "read", do.history.list_changes, "GET /changes", waits=True),
        #
        Operation("boards", "write", do.boards.update_board, "PATCH /boards/{board}"),
        Operation("boards", "write", do.boards.archive_board, "POST /boards/{board}/archive"),
        Operation("boards", "destroy", do.boards.delete_board, "DELETE /boards/{board}"),
        Operation("boards", "write", do.boards.set_columns, "PUT /boards/{board}/columns"),
        Operation("boards", "read", do.boards.get_board_stats, "GET /boards/{board}/stats"),
        #
        Operation("tasks", "write", do.tasks.archive_task, "POST /tasks/{task_id}/archive"),
        Operation("tasks", "destroy", do.tasks.delete_task, "DELETE /tasks/{task_id}"),
        Operation("tasks", "write", do.dependencies.unlink_tasks, "DELETE /tasks/{task_id}/dependencies/{depends_on}"),
        Operation("tasks", "read", do.claims.list_ready, "GET /ready"),
        Operation("tasks", "read", do.graphs.get_task_graph, "GET /tasks/{task_id}/graph"),
        Operation("tasks", "write", batch.run_batch, "POST /batch", keyed=True),
        Operation("tasks", "write", do.undo.undo, "POST /undo"),
        #
        Operation("notes", "read", do.notes.list_notes, "GET /tasks/{task_id}/notes"),
        Operation("notes", "write", do.notes.update_note, "PATCH /notes/{note_id}"),
        Operation("notes", "destroy", do.notes.delete_note, "DELETE /notes/{note_id}"),
        #
        Operation("tags", "read", do.tags.list_tags, "GET /tags"),
        Operation("tags", "write", do.tags.create_tag, "POST /tags", keyed=True, creates="/tags/{name}", wide=True),
        Operation("tags", "write", do.tags.update_tag, "PATCH /tags/{tag}", wide=True),
        Operation("tags", "destroy", do.tags.delete_tag, "DELETE /tags/{tag}", wide=True),
        Operation("tags", "write", do.tags.tag_task, "POST /tasks/{task_id}/tags"),
        Operation("tags", "write", do.tags.untag_task, "DELETE /tasks/{task_id}/tags"),
        #
        Operation("flow", "read", do.measuring.get_flow_metrics, "GET /boards/{board}/flow"),
        Operation("flow", "read", do.forecasting.forecast, "GET /boards/{board}/forecast"),
    )


def _service(do: Services, watch: Diagnostics) -> tuple[Operation, ...]:
    """The operations on the server and its file."""
    return (
        Operation("diagnostics", "read", watch.health.get_health, "GET /health/details", plain=True),
        Operation("diagnostics", "read", watch.calls.get_performance, "GET /performance", plain=True),
        Operation("diagnostics", "read", watch.queries.get_query_stats, "GET /queries"),
        Operation("diagnostics", "read", watch.caching.get_cache_stats, "GET /cache", plain=True),
        Operation(
            "diagnostics",
            "write",
            watch.caching.invalidate_cache,
            "POST /cache/invalidate",
            admin=True,
            wide=True,
        ),
        Operation("diagnostics", "read", watch.memory.get_memory, "GET /memory", plain=True),
        Operation("diagnostics", "read", watch.batches.get_batch_stats, "GET /batches", plain=True),
        Operation("diagnostics", "read", watch.profiler.profile, "POST /profile", plain=True, admin=True),
        #
        Operation("data", "read", do.exports.export_board, "POST /boards/{board}/export"),
        Operation(
            "data", "write", do.imports.import_board, "POST /import", prepare=do.imports.prepare_import, wide=True
        ),
        Operation("data", "read", do.backups.backup, "POST /backup", plain=True, admin=True, wide=True),
    )


class Catalog:
    """The operations this server offers: those of its toolsets, without the writing ones when it is read-only."""

    def __init__(self, everything: Sequence[Operation], *, toolsets: Sequence[str], read_only: bool = False) -> None:
        self.read_only = read_only
        self._everything = {operation.name: operation for operation in everything}
        self._offered = {
            operation.name: operation
            for operation in everything
            if operation.toolset in toolsets and not (read_only and operation.effect != "read")
        }

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._offered.values())

    def __contains__(self, name: object) -> bool:
        return name in self._everything

    def offers(self, name: str) -> bool:
        """Whether an operation is offered here."""
        return name in self._offered

    def everything(self) -> tuple[Operation, ...]:
        """All operations there are, offered or not."""
        return tuple(self._everything.values())

    def known(self, name: str) -> Operation:
        """An operation by name, also of a toolset that is off. Raises NotFound or ReadOnly."""
        found = self._everything.get(name)
        return self[name] if found is None or (self.read_only and found.effect != "read") else found

    def reading(self, name: str) -> Operation:
        """A reading operation by name, offered or not."""
        found = self._everything.get(name)
        return found if found is not None and found.effect == "read" else self[name]

    def advised(self, error: KanbanError, caller: Caller) -> KanbanError:
        """An error for a caller of what is offered: of operations its hint names, also how to get those that are not.

        Hints are written where nobody knows what is offered.
        """
        lacking = [lack for name in dict.fromkeys(_NAMES.findall(error.hint)) if (lack := self._lack(name, caller))]
        if lacking:
            error.hint = " ".join((error.hint, *(f"{lack.message} {lack.hint}" for lack in lacking)))
        return error

    def _lack(self, name: str, caller: Caller) -> KanbanError | None:
        """Why an operation is not for a caller, if that is so."""
        try:
            if name in self._everything:
                self[name].permit(caller)
        except KanbanError as lack:
            return lack
        return None

    def __getitem__(self, name: str) -> Operation:
        """An operation by name. Raises NotFound or ReadOnly, saying how to get it."""
        if (found := self._offered.get(name)) is not None:
            return found
        if (known := self._everything.get(name)) is not None:
            if self.read_only and known.effect != "read":
                raise ReadOnly(f"This server is read-only, so {name} is off.", hint="Start it without --read-only.")
            raise NotFound(
                f"{name} is in the toolset {known.toolset!r}, which is off.",
                hint=f"Start the server with --toolsets including {known.toolset}.",
            )
        near = nearest(name, self._offered)
        raise NotFound(
            f"There is no operation {name[:60]!r}.",
            hint=f"Did you mean {near}?" if near else f"There are {', '.join(self._offered)}.",
        )
