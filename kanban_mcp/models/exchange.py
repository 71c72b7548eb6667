"""The records of a board's JSON Lines file: one a line, in the order of the classes here. Read by programs: strict."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter

from kanban_mcp.models.change import Entity
from kanban_mcp.models.fields import Actor, Category, Color, LinkKind, Name, NoteCategory, Priority, Slug, TagName
from kanban_mcp.models.record import Record

FORMAT = "kanban-mcp board"
VERSION = 1

_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"


def _text(longest: int, *, shortest: int = 0) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=rf"^[^{_CONTROL}]*$")


def _line(longest: int, *, shortest: int = 1) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=r"^[^\x00-\x1f\x7f]*$")


def _place(key: str) -> str:
    if key.endswith("0") and len(key) > 12:
        raise ValueError("an order key's fraction does not end in 0")
    return key


FileId: TypeAlias = Annotated[int, Field(ge=1, lt=2**62)]
Stamp: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
Place: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{12}[0-9A-Za-z]*$", max_length=1000), AfterValidator(_place)
]
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**62)]


class FileRecord(Record):
    """A line of the file. A number is no text and no text a number: what is read must be what was written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class HeaderRecord(FileRecord):
    """The first line: what the file is, and which version of the format."""

    type: Literal["header"] = "header"
    format: str
    version: int


class ColumnRecord(FileRecord):
    """A column, inside the board's line."""

    status: Slug
    name: Name
    category: Category
    wip_limit: Annotated[int, Field(ge=1, le=100_000)] | None = None


class BoardRecord(FileRecord):
    """The board with its columns in order; the second line."""

    type: Literal["board"] = "board"
    id: FileId
    name: Name
    description: Annotated[str, _text(20_000)] = ""
    version: FileId = 1
    created_at: Stamp
    updated_at: Stamp
    archived_at: Stamp | None = None
    columns: Annotated[list[ColumnRecord], Field(min_length=2, max_length=30)]


class TagRecord(FileRecord):
    """A tag that a task of the board carries, or one above such a tag; `parent` is the wider tag's name."""

    type: Literal["tag"] = "tag"
    id: FileId
    name: TagName
    parent: TagName | None = None
    color: Color = ""


class TaskRecord(FileRecord):
    """A task with its tags by name and its links as [the task it needs, kind]; counts that follow are left out."""

    type: Literal["task"] = "task"
    id: FileId
    status: Slug
    position: Place
    priority: Priority = 5
    title: Annotated[str, _line(200)]
    description: Annotated[str, _text(20_000)] = ""
    acceptance: Annotated[list[Annotated[str, _line(504)]], Field(max_length=50)] = []
    assignee: Annotated[str, _line(100)] | None = None
    created_by: Annotated[str, _line(100)]
    parent_id: FileId | None = None
    due_at: Stamp | None = None
    version: FileId = 1
    created_at: Stamp
    updated_at: Stamp
    started_at: Stamp | None = None
    completed_at: Stamp | None = None
    archived_at: Stamp | None = None
    claimed_by: Annotated[str, _line(100)] | None = None
    lease: Count = 0
    lease_expires_at: Stamp | None = None
    attempts: Count = 0
    tags: list[TagName] = []
    depends_on: list[tuple[FileId, LinkKind]] = []


class NoteRecord(FileRecord):
    """A note."""

    type: Literal["note"] = "note"
    id: FileId
    task_id: FileId
    title: Annotated[str, _text(20_000)] = ""
    content: Annotated[str, _text(20_000, shortest=1)]
    category: NoteCategory = "general"
    pinned: bool = False
    author: Annotated[str, _line(100)]
    created_at: Stamp
    updated_at: Stamp


class ChangeRecord(FileRecord):
    """An entry of the board's change log, in order; who imports gives it a seq of its own."""

    type: Literal["change"] = "change"
    at: Stamp
    actor: Actor
    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,50}$")]
    entity: Entity
    entity_id: FileId
    task_id: FileId | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


AnyRecord: TypeAlias = HeaderRecord | BoardRecord | TagRecord | TaskRecord | NoteRecord | ChangeRecord
# Built when first used, as all models are: most runs import nothing.
RECORD: TypeAdapter[AnyRecord] = TypeAdapter(
    Annotated[AnyRecord, Field(discriminator="type")], config=ConfigDict(defer_build=True)
)
ORDER: tuple[type[FileRecord], ...] = (HeaderRecord, BoardRecord, TagRecord, TaskRecord, NoteRecord, ChangeRecord)


class Export(Record):
    """What `export_board` answers: the file it wrote, or the content itself."""

    board_id: int
    format: str
    tasks: int
    file: str | None = None
    bytes: int
    content: str | None = None


class Import(Record):
    """What `import_board` answers. `difference` says what is new (+), gone (-) or other (~) in the file."""

    board_id: int | None = None
    name: str
    source: str
    tasks: int = 0
    notes: int = 0
    tags: int = 0
    links: int = 0
    changes: int = 0
    renumbered: bool = False
    unchanged: bool = False
    dry_run: bool = False
    difference: list[str] = []
    left_out: list[str] = []


class BackupResult(Record):
    """What `backup` answers: a sound copy of the whole file, of this size."""

    file: str
    bytes: int
