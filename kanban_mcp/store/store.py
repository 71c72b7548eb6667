"""All stores over one database."""

from contextlib import AbstractContextManager
from pathlib import Path

from kanban_mcp.models.caller import Caller
from kanban_mcp.store.boards import BoardStore
from kanban_mcp.store.changes import ChangeStore
from kanban_mcp.store.claims import ClaimStore
from kanban_mcp.store.database import Database, copy_database
from kanban_mcp.store.dependencies import DependencyStore
from kanban_mcp.store.exchange import ExchangeStore
from kanban_mcp.store.flow import FlowStore
from kanban_mcp.store.idempotency import IdempotencyStore
from kanban_mcp.store.keys import KeyStore
from kanban_mcp.store.notes import NoteStore
from kanban_mcp.store.search import SearchStore
from kanban_mcp.store.tags import TagStore
from kanban_mcp.store.tasks import TaskStore


class Store:
    """A file a noun; every method runs in the transaction its thread is in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.boards = BoardStore(database)
        self.tasks = TaskStore(database)
        self.claims = ClaimStore(database)
        self.notes = NoteStore(database)
        self.tags = TagStore(database)
        self.dependencies = DependencyStore(database)
        self.changes = ChangeStore(database)
        self.flow = FlowStore(database)
        self.search = SearchStore(database)
        self.idempotency = IdempotencyStore(database)
        self.keys = KeyStore(database)
        self.exchange = ExchangeStore(database)

    def rehearsal(self) -> AbstractContextManager[None]:
        """A part of the current transaction that is undone at its end."""
        return self._database.rehearsing()

    def reading(self, caller: Caller) -> AbstractContextManager[None]:
        """A reading transaction in a caller's name, on this thread."""
        return self._database.reading(caller)

    def copy(self, target: Path) -> None:
        """Copy the whole file as it is now to a path where nothing is, while others write."""
        copy_database(self._database.path, target)

    @property
    def caller(self) -> Caller:
        """In whose name, and with whose rights, the current transaction runs."""
        return self._database.transaction.caller

    @property
    def actor(self) -> str:
        """In whose name the current transaction runs."""
        return self._database.transaction.caller.actor

    @property
    def now(self) -> str:
        """The moment of the current transaction, as stored."""
        return self._database.transaction.now
