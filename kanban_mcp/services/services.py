"""All services over one store."""

from pathlib import Path

from kanban_mcp.files import Folder
from kanban_mcp.services.backups import Backups
from kanban_mcp.services.blocking import Blocking
from kanban_mcp.services.boards import Boards
from kanban_mcp.services.briefs import Briefs
from kanban_mcp.services.claims import Claims
from kanban_mcp.services.creation import Creation
from kanban_mcp.services.dependencies import Dependencies
from kanban_mcp.services.exports import Exports
from kanban_mcp.services.forecasting import Forecasting
from kanban_mcp.services.graphs import Graphs
from kanban_mcp.services.history import History
from kanban_mcp.services.holding import LEASE_SECONDS, Holding
from kanban_mcp.services.imports import Imports
from kanban_mcp.services.keys import Keys
from kanban_mcp.services.measuring import Measuring
from kanban_mcp.services.notes import Notes
from kanban_mcp.services.restoring import Restoring
from kanban_mcp.services.search import Search
from kanban_mcp.services.tags import Tags
from kanban_mcp.services.tasks import Tasks
from kanban_mcp.services.undo import Undo
from kanban_mcp.services.writing import Writing
from kanban_mcp.store.store import Store


class Services:
    """The services that hold operations, wired to each other."""

    def __init__(
        self,
        store: Store,
        *,
        bound: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
        files: Path | None = None,
    ) -> None:
        blocking, holding, briefs = Blocking(store), Holding(store, seconds=lease_seconds), Briefs(store)
        self.briefs = briefs
        self.boards = Boards(store, bound=bound)
        self.writing = writing = Writing(store, self.boards, blocking, holding)
        self.tags = Tags(store, writing)
        creation = Creation(store, self.boards, self.tags, blocking, writing)
        self.notes = Notes(store, writing, holding)
        self.tasks = Tasks(store, self.boards, self.tags, blocking, holding, writing, creation, briefs)
        self.claims = Claims(store, self.boards, self.tags, blocking, holding, writing, self.notes, briefs)
        self.dependencies = Dependencies(store, writing, blocking, holding)
        self.search = Search(store, self.boards, self.tags)
        self.history = History(store, self.boards)
        self.graphs = Graphs(store, writing)
        restoring = Restoring(store, self.boards, self.tags, self.notes, self.dependencies, blocking, writing)
        self.undo = Undo(store, self.boards, self.tags, blocking, writing, creation, restoring)
        self.measuring = Measuring(store, self.boards, self.tags)
        self.forecasting = Forecasting(store, self.boards, self.measuring)
        self.keys = Keys(store, self.boards)
        folder = Folder(files)
        self.exports = Exports(store, self.boards, folder)
        self.imports = Imports(store, self.exports, folder)
        self.backups = Backups(store, folder)
