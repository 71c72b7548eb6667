"""What may stand for an argument of a prompt or a part of a resource's address, from what is on the boards."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from mcp import types

from kanban_mcp.app import App
from kanban_mcp.errors import Invalid, KanbanError, NotFound
from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.mcp.markdown import rows
from kanban_mcp.transport.mcp.prompts import Prompts
from kanban_mcp.transport.mcp.resources import DIAGNOSTICS, Resources

MOST = 100
"""As the protocol allows."""
MOST_BOARDS = 1000
"""Boards among which names are looked for."""

Board: TypeAlias = dict[str, str]
"""The argument `board`, where one is given."""


class Completions:
    """Completes by the name of the argument: it means the same in prompts and addresses."""

    def __init__(self, app: App, resources: Resources, prompts: Prompts) -> None:
        self._app = app
        self._resources = resources
        self._prompts = prompts
        self._by_name: Mapping[str, Callable[[str, Board, Caller], Awaitable[list[str]]]] = {
            "board": self._boards,
            "board_id": self._boards,
            "status": self._statuses,
            "tag": self._tags,
            "assignee": self._assignees,
            "task_id": self._tasks,
            "name": self._diagnostics,
        }

    async def complete(self, params: types.CompleteRequestParams, caller: Caller) -> types.Completion:
        """Up to 100 values for an argument; none where nothing can be told. Raises NotFound, Invalid."""
        name, value = params.argument.name, params.argument.value
        self._check(params.ref, name)
        find = self._by_name.get(name)
        if find is None:
            return types.Completion(values=[], total=0, has_more=False)
        given = (params.context.arguments if params.context else None) or {}
        board = given.get("board_id") or given.get("board")
        try:
            found = await find(value.strip(), {"board": board} if board else {}, caller)
        except (NotFound, Invalid):
            # Which board is meant is not said, or there is no such one: nothing can be offered yet.
            found = []
        return types.Completion(values=found[:MOST], has_more=len(found) > MOST)

    def _check(self, ref: types.ResourceTemplateReference | types.PromptReference, argument: str) -> None:
        if isinstance(ref, types.PromptReference):
            names = [known.name for known in self._prompts.get(ref.name).arguments]
        else:
            kind = next((kind for kind in self._resources.kinds if kind.template == ref.uri), None)
            if kind is None:
                raise NotFound(f"There is no template {ref.uri[:200]!r}.", hint="resources/templates/list shows them.")
            names = list(kind.uri.variable_names)
        if argument not in names:
            raise Invalid(f"There is no argument {argument[:60]!r}.", hint=f"There are {', '.join(names) or 'none'}.")

    async def _boards(self, value: str, board: Board, caller: Caller) -> list[str]:
        names: list[str] = []
        page: dict[str, Any] = {"next": None}
        while "next" in page and len(names) < MOST_BOARDS:
            page = await self._read("list_boards", {"limit": MOST, "cursor": page["next"]}, caller)
            names += [row["name"] for row in rows(page)]
        return _beginning(value, names)

    async def _statuses(self, value: str, board: Board, caller: Caller) -> list[str]:
        view = await self._read("get_board", {**board, "limit": 1}, caller)
        return _beginning(value, [column["status"] for column in view["columns"]])

    async def _tags(self, value: str, board: Board, caller: Caller) -> list[str]:
        names = [row["name"] for row in rows(await self._read("list_tags", {"limit": MOST}, caller))]
        if value:
            # The list goes by name, so what begins with the value may follow after the first hundred.
            following = await self._read("list_tags", {"limit": MOST, "cursor": value}, caller)
            names += [row["name"] for row in rows(following)]
        return _beginning(value, names)

    async def _assignees(self, value: str, board: Board, caller: Caller) -> list[str]:
        """Of the board's first hundred open tasks, and who holds any."""
        view = await self._read("get_board", {**board, "limit": MOST}, caller)
        names = [row["assignee"] for row in rows(view.get("tasks"))]
        names += [row["claimed_by"] for row in rows(view.get("holders"))]
        return _beginning(value, sorted({name for name in names if name}, key=str.lower))

    async def _tasks(self, value: str, board: Board, caller: Caller) -> list[str]:
        """Ids of tasks, by the words of their titles; of any open ones before something is typed."""
        if not value:
            view = await self._read("get_board", {**board, "limit": MOST}, caller)
            return [str(row["id"]) for row in rows(view.get("tasks"))]
        found = await self._read("search", {"query": value, **board, "limit": MOST}, caller)
        ids = [str(row["task_id"]) for row in rows(found)]
        if value.isdecimal() and await self._is_task(value, caller):
            ids.insert(0, value)
        return list(dict.fromkeys(ids))

    async def _is_task(self, value: str, caller: Caller) -> bool:
        try:
            await self._read("get_task", {"task_id": value}, caller)
        except KanbanError:
            return False
        return True

    async def _diagnostics(self, value: str, board: Board, caller: Caller) -> list[str]:
        return _beginning(value, list(DIAGNOSTICS))

    async def _read(self, operation: str, arguments: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return (await self._app.runner.read(operation, arguments, caller=caller, transport="mcp")).value


def _beginning(value: str, names: list[str]) -> list[str]:
    """Names that begin with a value, whatever the letter case, then those that hold it elsewhere."""
    wanted, names = value.lower(), list(dict.fromkeys(names))
    first = [name for name in names if name.lower().startswith(wanted)]
    return first + [name for name in names if wanted in name.lower() and name not in first]
