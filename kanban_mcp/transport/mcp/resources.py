"""What the boards show, as resources: the answers of reading operations under addresses of their own."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from mcp import types
from mcp.shared.uri_template import UriTemplate

from kanban_mcp.answers import Answer, compact
from kanban_mcp.app import App
from kanban_mcp.errors import NotFound
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.mcp import markdown
from kanban_mcp.transport.mcp.reports import Reports

JSON, MARKDOWN = "application/json", "text/markdown"
BOARDS_A_PAGE = 50
MOST_BOARDS = 100
"""Of which `kanban://tasks/ready` and its like tell at once; with ?board= any one is told of."""
DIAGNOSTICS = {
    "health": "get_health",
    "performance": "get_performance",
    "queries": "get_query_stats",
    "cache": "get_cache_stats",
    "memory": "get_memory",
    "batches": "get_batch_stats",
}
"""The names under kanban://diagnostics/ and the operation each shows."""

Given: TypeAlias = dict[str, str]
Texts: TypeAlias = list[tuple[str, str]]
"""Media types and texts."""


@dataclass(frozen=True)
class Kind:
    """Resources of one form. One without parts in its path is a resource by itself, also without its query."""

    template: str
    name: str
    title: str
    description: str
    read: Callable[[Given, Caller], Awaitable[Texts]]
    mime_type: str = JSON

    @cached_property
    def uri(self) -> UriTemplate:
        """The template, to be matched and filled."""
        return UriTemplate.parse(self.template)

    @property
    def single(self) -> bool:
        """Whether its path names one thing only."""
        return set(self.uri.variable_names) == self.uri.query_variable_names

    @property
    def address(self) -> str:
        """Its address, for one that is single."""
        return self.uri.expand({})


class Resources:
    """Lists and reads resources. Everything is read through the runner, in the caller's name."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._reports = Reports(app)
        self.kinds = tuple(self._all())

    def _all(self) -> Iterator[Kind]:
        yield Kind("kanban://boards{?cursor}", "boards", "Boards", "The boards, with counts of tasks.", self._boards)
        yield Kind(
            "kanban://tasks/ready{?board}",
            "ready",
            "Ready tasks",
            "What can be worked on now, best first, on each board. claim_next takes one.",
            self._ready,
        )
        yield Kind(
            "kanban://tasks/blocked{?board}",
            "blocked",
            "Blocked tasks",
            "Open tasks that wait for others, on each board.",
            self._blocked,
        )
        yield Kind(
            "kanban://tasks/overdue{?board}",
            "overdue",
            "Overdue tasks",
            "Open tasks whose due time has passed, on each board.",
            self._overdue,
        )
        yield Kind(
            "kanban://tags{?cursor}", "tags", "Tags", "The tags by name, with how many tasks carry them.", self._tags
        )
        yield Kind(
            "kanban://boards/{board_id}",
            "board",
            "Board",
            "A board with its columns and open tasks, to be read (Markdown) and to be parsed (JSON). An id or a name.",
            self._board,
            MARKDOWN,
        )
        yield Kind(
            "kanban://boards/{board_id}/tasks{?status,tag,assignee,cursor}",
            "board-tasks",
            "Tasks of a board",
            "A page of a board's tasks, column by column; `next` is the cursor of what follows.",
            self._tasks,
        )
        yield Kind(
            "kanban://tasks/{task_id}",
            "task",
            "Task",
            "All that is needed to work on a task: acceptance, notes, blockers, subtasks, tags, claim.",
            self._task,
        )
        yield Kind(
            "kanban://tasks/{task_id}/history{?since}",
            "task-history",
            "History of a task",
            "Who changed what in a task and when, oldest first; `next` goes on as since.",
            self._history,
        )
        yield Kind(
            "kanban://reports/{board_id}",
            "report",
            "Report on a board",
            "A board in figures: columns, what is held, blocked and overdue, and its flow as in `kanban-mcp report`.",
            self._report,
            MARKDOWN,
        )
        if "diagnostics" in self._app.settings.toolsets:
            yield Kind(
                "kanban://diagnostics/{name}",
                "diagnostics",
                "Diagnostics",
                f"How the server is doing: {', '.join(DIAGNOSTICS)}.",
                self._diagnostics,
            )

    # Lists

    async def listed(self, cursor: str | None, caller: Caller) -> types.ListResourcesResult:
        """A page: first what is always there, then board by board. Raises KanbanError for a cursor of another list."""
        page = await self._value("list_boards", {"limit": BOARDS_A_PAGE, "cursor": cursor}, caller)
        found = list(self._fixed()) if cursor is None else []
        found += [_of_board(dict(zip(page["columns"], row, strict=True))) for row in page["rows"]]
        return types.ListResourcesResult(resources=found, next_cursor=page.get("next"))

    def _fixed(self) -> Iterator[types.Resource]:
        for kind in self.kinds:
            if kind.single:
                yield types.Resource(
                    uri=kind.address,
                    name=kind.name,
                    title=kind.title,
                    description=kind.description,
                    mime_type=kind.mime_type,
                )
            elif kind.name == "diagnostics":
                for name in DIAGNOSTICS:
                    yield types.Resource(uri=f"kanban://diagnostics/{name}", name=name, mime_type=kind.mime_type)

    def templates(self) -> types.ListResourceTemplatesResult:
        """All templates, on one page."""
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    uri_template=kind.template,
                    name=kind.name,
                    title=kind.title,
                    description=kind.description,
                    mime_type=kind.mime_type,
                )
                for kind in self.kinds
            ]
        )

    # Reading

    async def read(self, uri: str, caller: Caller) -> types.ReadResourceResult:
        """The contents under an address. Raises NotFound, and what the operation behind it raises."""
        kind, given = self.found(uri)
        texts = await kind.read(given, caller)
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type=media, text=text) for media, text in texts]
        )

    def found(self, uri: str) -> tuple[Kind, Given]:
        """The kind of resource an address is of, and the parts it gives. Raises NotFound."""
        for kind in self.kinds:
            given = kind.uri.match(uri)
            if given is not None:
                return kind, {name: str(value) for name, value in given.items() if value}
        raise NotFound(f"There is no resource {uri[:200]!r}.", hint="resources/templates/list shows what there is.")

    async def _boards(self, given: Given, caller: Caller) -> Texts:
        return await self._json("list_boards", {**given, "limit": MOST_BOARDS}, caller)

    async def _board(self, given: Given, caller: Caller) -> Texts:
        answer = await self._answer("get_board", {"board": given["board_id"]}, caller)
        return [(MARKDOWN, markdown.board(answer.value)), (JSON, answer.text)]

    async def _tasks(self, given: Given, caller: Caller) -> Texts:
        board_id = given.pop("board_id")
        return await self._json("list_tasks", {**given, "board": board_id}, caller)

    async def _task(self, given: Given, caller: Caller) -> Texts:
        return await self._json("get_task", {"task_id": _number(given["task_id"], "task")}, caller)

    async def _history(self, given: Given, caller: Caller) -> Texts:
        task_id = _number(given["task_id"], "task")
        answer = await self._answer("list_changes", {**given, "task_id": task_id}, caller)
        if not answer.value["rows"] and "since" not in given:
            # A task that never was has no history, while that of a deleted one is kept.
            await self._answer("get_task", {"task_id": task_id}, caller)
        return [(JSON, answer.text)]

    async def _tags(self, given: Given, caller: Caller) -> Texts:
        return await self._json("list_tags", {**given, "limit": 100}, caller)

    async def _report(self, given: Given, caller: Caller) -> Texts:
        return [(MARKDOWN, await self._reports.whole({"board": given["board_id"]}, caller))]

    async def _diagnostics(self, given: Given, caller: Caller) -> Texts:
        operation = DIAGNOSTICS.get(given["name"])
        if operation is None:
            raise NotFound(
                f"There are no diagnostics {given['name'][:60]!r}.", hint=f"There are {', '.join(DIAGNOSTICS)}."
            )
        return await self._json(operation, {}, caller)

    async def _ready(self, given: Given, caller: Caller) -> Texts:
        return await self._each_board("list_ready", {}, given, caller)

    async def _blocked(self, given: Given, caller: Caller) -> Texts:
        return await self._each_board("list_tasks", {"blocked": True}, given, caller)

    async def _overdue(self, given: Given, caller: Caller) -> Texts:
        return await self._each_board("list_tasks", {"overdue": True}, given, caller)

    async def _each_board(self, operation: str, filters: Mapping[str, Any], given: Given, caller: Caller) -> Texts:
        """What an operation lists on the board asked for, on the bound one, or on each; boards without any left out."""
        board = given.get("board") or self._app.settings.board
        if board is not None:
            return await self._json(operation, {**filters, "board": board}, caller)
        boards = await self._value("list_boards", {"limit": MOST_BOARDS}, caller)
        found = []
        for board_id, name, *_ in boards["rows"]:
            page = await self._value(operation, {**filters, "board": board_id}, caller)
            if page["rows"]:
                found.append({"board_id": board_id, "board": name, **page})
        return [(JSON, compact({"boards": found, **({"truncated": True} if "next" in boards else {})}))]

    async def _json(self, operation: str, arguments: Mapping[str, Any], caller: Caller) -> Texts:
        return [(JSON, (await self._answer(operation, arguments, caller)).text)]

    async def _value(self, operation: str, arguments: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return (await self._answer(operation, arguments, caller)).value

    async def _answer(self, operation: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        return await self._app.runner.read(operation, arguments, caller=caller, transport="mcp")


def _of_board(row: Mapping[str, Any]) -> types.Resource:
    """A board in the list. Its name is its title; nothing else in the list is written by users."""
    return types.Resource(
        uri=f"kanban://boards/{row['id']}",
        name=f"board-{row['id']}",
        title=row["name"],
        description="A board with its columns and open tasks.",
        mime_type=MARKDOWN,
    )


def _number(text: str, noun: str) -> int:
    """An id in an address. Raises NotFound for what is none: nothing can be there."""
    if not text.isdecimal() or len(text) > 18 or int(text) == 0:
        raise NotFound(f"There is no {noun} {text[:60]!r}.", hint=f"A {noun} is named by its id, a number.")
    return int(text)
