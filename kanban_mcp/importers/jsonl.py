"""Our own JSON Lines, as `export_board` writes them."""

import hashlib
from collections.abc import Iterator

from pydantic import ValidationError

from kanban_mcp.errors import Invalid
from kanban_mcp.importers.source import Moment, Opener, Placed, lines
from kanban_mcp.models.exchange import FORMAT, RECORD, VERSION, AnyRecord, HeaderRecord

HEADER = HeaderRecord(format=FORMAT, version=VERSION).model_dump_json() + "\n"


class JsonLines:
    """A board as it was exported."""

    kind = "kanban"

    def __init__(self, opened: Opener) -> None:
        self._open = opened
        self.digest = ""
        self.left_out: list[str] = []

    def records(self, moment: Moment) -> Iterator[Placed]:
        """One a line, checked by itself."""
        digest = hashlib.sha256()
        with self._open() as file:
            for number, line in lines(file, digest):
                if not line.endswith(b"\n"):
                    raise Invalid(f"line {number}: the file ends in the middle of it.", hint="Export it once more.")
                yield f"line {number}", _record(line, number)
        self.digest = digest.hexdigest()


def _record(line: bytes, number: int) -> AnyRecord:
    try:
        record = RECORD.validate_json(line)
    except ValidationError as error:
        raise Invalid(f"line {number}: {_said(error)}", hint="Nothing was imported; mend the line.") from None
    if number == 1:
        _check_header(record)
    return record


def _check_header(record: AnyRecord) -> None:
    if not isinstance(record, HeaderRecord) or record.format != FORMAT:
        raise Invalid("line 1: is not the header of an exported board.", hint="Say with `source` what wrote the file.")
    if record.version != VERSION:
        raise Invalid(
            f"line 1: the file has version {record.version} of the format; this program reads {VERSION}.",
            hint="Import it with the version of kanban-mcp that wrote it, or a newer one.",
        )


def _said(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"][1:])
    return f"{place}: {problem['msg']}." if place else f"{problem['msg']}."
