"""Where the database file is: whether it is still the one that was opened, and how large. Looks, and opens nothing."""

from pathlib import Path

from kanban_mcp.errors import ReadOnly


class Place:
    """A path, and the file at it since `hold`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: tuple[int, int] | None = None

    def hold(self) -> None:
        """From now on the file that is there now is meant."""
        self._held = self._found()

    def is_kept(self) -> bool:
        """Whether that file is still there, and not another or none."""
        return self._held is None or self._held == self._found()

    def check(self) -> None:
        """Raise ReadOnly where it is not: what is written to a file without a name is lost when the server ends."""
        if not self.is_kept():
            raise ReadOnly(
                "The database file was removed or replaced while it was in use.",
                hint="Put it back, or restore a backup; then restart this server.",
            )

    def file_bytes(self) -> int:
        """The size of the file without its log."""
        return _size(self._path)

    def log_bytes(self) -> int:
        """The size of the write-ahead log."""
        return _size(self._path.with_name(self._path.name + "-wal"))

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
