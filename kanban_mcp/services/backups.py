"""Copies of the whole file."""

from kanban_mcp.files import Folder
from kanban_mcp.models.exchange import BackupResult
from kanban_mcp.models.fields import FileName
from kanban_mcp.store.store import Store


class Backups:
    """The operation of backing up; copies go into one folder."""

    def __init__(self, store: Store, folder: Folder) -> None:
        self._store = store
        self._folder = folder

    def backup(self, file: FileName) -> BackupResult:
        """Copy the whole database into a new `file` of the server's folder for files, while others write.

        The copy is one state of it, checked. `kanban-mcp restore` makes a database of it.
        """
        return self.write(self._folder, file)

    def write(self, folder: Folder, name: str) -> BackupResult:
        """Copy the whole database into a new file of a folder. Raises Conflict when the name is taken."""
        with folder.placing(name) as temporary:
            self._store.copy(temporary)
            size = temporary.stat().st_size
        return BackupResult(file=name, bytes=size)
