"""Files that callers name: only below one folder, however the name is spelled, and never over another file.

Each part of a name is opened inside the one before it, without following links, so that nothing that is put in
between while this runs leads elsewhere either.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kanban_mcp.errors import Busy, Conflict, Forbidden, Invalid, NotFound

LONGEST_NAME = 255
"""Bytes of a part of a name, as file systems take it."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without waiting: a pipe in the place of a file would hold the caller up for good.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """The folder that names are looked up in; without one, none are."""

    def __init__(self, root: Path | None) -> None:
        self._root = root

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """An ordinary file, open for reading. Raises NotFound, Forbidden, Invalid."""
        with self._parent(name) as (parent, last):
            with _explained(name):
                descriptor = os.open(last, _FILE, dir_fd=parent)
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Invalid(f"{name!r} is not an ordinary file.", hint="Name a file.")
                yield file

    def listed(self, name: str) -> list[str]:
        """The names of what is in a folder, in order; none where there is no such folder."""
        try:
            with self._parent(f"{name}/x") as (parent, _):
                return sorted(os.listdir(parent))
        except NotFound:
            return []

    def is_folder(self, name: str) -> bool:
        """Whether a name is a folder's."""
        with self._parent(name) as (parent, last), contextlib.suppress(FileNotFoundError):
            return stat.S_ISDIR(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode)
        return False

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A new file that is there under its name only when whole and on disk. Raises Conflict when one is there."""
        with self.placing(name) as temporary, open(temporary, "wb", opener=_private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    @contextlib.contextmanager
    def placing(self, name: str) -> Iterator[Path]:
        """A path for a new file, which gets its name when the block ends well. Raises Conflict when one is there."""
        with self._parent(name) as (parent, last):
            with contextlib.suppress(FileNotFoundError):
                os.stat(last, dir_fd=parent, follow_symlinks=False)
                raise _taken(name)
            assert self._root is not None
            temporary = self._root / f".{secrets.token_hex(8)}.part"
            try:
                with _written():
                    yield temporary
                with _explained(name):
                    os.link(temporary, last, dst_dir_fd=parent, follow_symlinks=False)
                os.fsync(parent)
            finally:
                temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _parent(self, name: str) -> Iterator[tuple[int, str]]:
        """The folder a name is in, and the name's last part."""
        if self._root is None:
            raise Forbidden(
                "This server reads and writes no files for callers.",
                hint="Start it with --files FOLDER, or use the command line on its machine.",
            )
        *between, last = _parts(name)
        with _explained(name):
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in between:
                with _explained(name):
                    inner = os.open(part, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, last
        finally:
            os.close(descriptor)


def beside(path: Path) -> tuple[Folder, str]:
    """A folder and a name in it, for a path that a person gave at the command line."""
    return Folder(path.parent), path.name


def _parts(name: str) -> list[str]:
    parts = name.split("/")
    odd = any(part in ("", ".", "..") or len(os.fsencode(part)) > LONGEST_NAME for part in parts)
    if odd or "\x00" in name or "\\" in name or len(name) > 1000:
        raise Forbidden(
            f"{name[:60]!r} is not a file of the folder for files.",
            hint="Give a name in it, such as plan.jsonl or march/plan.jsonl.",
        )
    return parts


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"There is no file {name!r}.", hint="Look at how it is spelled.") from None
    except FileExistsError:
        raise _taken(name) from None
    except OSError as error:
        # ELOOP and ENOTDIR: a link where a file or folder should be.
        raise Forbidden(
            f"{name!r} cannot be used: {os.strerror(error.errno or 0)}.", hint="Name a file that is no link."
        ) from None


@contextlib.contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            raise Busy(
                f"The file was not written: {os.strerror(error.errno)}.", hint="Free some space, then repeat the call."
            ) from None
        raise


def _taken(name: str) -> Conflict:
    return Conflict(f"There is already a file {name!r}; nothing is written over.", hint="Choose another name.")
