"""The board inside the client's host, as an MCP App: a page in a frame, for which the host passes calls of tools on."""

from collections.abc import Mapping
from typing import Any

from kanban_mcp.answers import Answer
from kanban_mcp.app import App
from kanban_mcp.models.board import BoardView
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.fields import BoardRef
from kanban_mcp.operations import Operation
from kanban_mcp.transport.mcp.host_page import HostPage

SHOWN = 50
"""Open tasks in an answer; where the host passes calls on, the page reads all."""


class Apps:
    """The tool that shows a board, and the page it is shown by."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._page = HostPage()
        self.operation = Operation("core", "read", self.show_board, "", fresh=app.services.boards.holders)

    def show_board(self, board: BoardRef | None = None) -> BoardView:
        """Show the user a board as a live page in the conversation, where they move cards and write notes themselves.
        To read it yourself, get_board is shorter.
        """
        return self._app.services.boards.get_board(board, limit=SHOWN)

    async def shown(self, arguments: Mapping[str, Any], caller: Caller, transport: str) -> Answer:
        """What the tool answers. Raises KanbanError."""
        begun = self._app.runner.begin(
            self.operation.name, arguments, caller=caller, transport=transport, find=lambda _: self.operation
        )
        return begun if isinstance(begun, Answer) else await begun

    def page(self, caller: Caller) -> str:
        """The page, which offers what its caller may do."""
        may = [operation for operation in self._app.catalog if caller.may(operation.scope, wide=operation.wide)]
        return self._page.document(
            [operation.name for operation in may], [operation.name for operation in may if operation.effect != "read"]
        )
