"""Where records come from: a file or folder, read as often as needed, each time with the digest of what was read."""

import contextlib
import hashlib
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any, NamedTuple, Protocol, TypeAlias

from kanban_mcp.errors import Invalid
from kanban_mcp.files import Folder
from kanban_mcp.models.exchange import FileRecord

LONGEST_LINE = 16 * 1024 * 1024
"""More than any record can take; what is longer is refused without being read to its end."""
LARGEST = 64 * 1024 * 1024
"""Of a file that must be read whole, as those of other programs are."""

Placed: TypeAlias = tuple[str, FileRecord]
"""A record and where it stands, such as `line 7`."""


class Moment(NamedTuple):
    """When and in whose name something is imported, for what the file does not say."""

    now: str
    actor: str


class Source(Protocol):
    """A board in some form. `records` may be asked for again; then `digest` tells whether it is still the same."""

    kind: str
    digest: str
    left_out: list[str]

    def records(self, moment: Moment) -> Iterator[Placed]:
        """Header, board, tags, tasks, notes and changes, in this order. Raises Invalid, saying where."""


class Foreign(ABC):
    """A file of another program, in which anything may stand where something else is meant."""

    kind = ""

    def __init__(self) -> None:
        self.digest = ""
        self.left_out: list[str] = []

    def records(self, moment: Moment) -> Iterator[Placed]:
        """What `read` gives; what it stumbles over is said as the file's fault."""
        self.left_out = []
        try:
            yield from self.read(moment)
        except (TypeError, AttributeError, ValueError, KeyError) as error:
            raise Invalid(
                f"The file has not the shape that {self.kind} writes: {type(error).__name__}.",
                hint="Export it once more, or say with `source` which program wrote it.",
            ) from error

    @abstractmethod
    def read(self, moment: Moment) -> Iterator[Placed]:
        """The records of the file; sets its digest at their end."""


Opener: TypeAlias = Callable[[], AbstractContextManager[IO[bytes]]]


def opener(folder: Folder, name: str) -> Opener:
    """Opens a file of a folder."""
    return lambda: folder.reading(name)


def content(text: str) -> Opener:
    """Opens a text as if it were a file."""
    return lambda: contextlib.nullcontext(io.BytesIO(text.encode("utf-8", "surrogatepass")))


def lines(file: IO[bytes], digest: Any) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, each within bounds, into a running digest."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise Invalid(
                f"line {number}: is longer than {LONGEST_LINE} bytes.", hint="No record is that long; check the file."
            )
        digest.update(line)
        yield number, line


def whole(file: IO[bytes], what: str = "The file") -> bytes:
    """The bytes of a file that is not too large to be taken whole."""
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Invalid(f"{what} is larger than {LARGEST} bytes.", hint="Import it in parts.")
    return data


def parsed(data: bytes, place: str) -> Any:
    """JSON from a file of another program. Raises Invalid."""
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        raise Invalid(f"{place}: is not JSON: {error.msg}, line {error.lineno}.", hint="Export it once more.") from None
    except UnicodeDecodeError:
        raise Invalid(f"{place}: is not JSON in UTF-8.", hint="Export it once more.") from None
    except RecursionError:
        raise Invalid(f"{place}: is nested too deeply.", hint="Export it once more.") from None


def digest_of(*parts: bytes) -> str:
    """One digest for several files."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
