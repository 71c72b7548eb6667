"""Which program wrote a file: told, or seen from how it begins."""

import json
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from kanban_mcp.errors import Invalid
from kanban_mcp.files import Folder
from kanban_mcp.importers.beads import Beads
from kanban_mcp.importers.jsonl import JsonLines
from kanban_mcp.importers.source import Opener, Source, content, opener, parsed, whole
from kanban_mcp.importers.taskmaster import TaskMaster
from kanban_mcp.importers.trello import Trello

Kind: TypeAlias = Literal["auto", "kanban", "backlog", "beads", "task-master", "trello"]
_FIRST = 1024 * 1024


def source_of(folder: Folder, name: str, kind: Kind) -> Source:
    """A file or folder as a source. Raises NotFound, Invalid, Forbidden."""
    if folder.is_folder(name):
        if kind not in ("auto", "backlog"):
            raise Invalid(f"{name!r} is a folder.", hint="Only Backlog.md keeps a board in one; name a file.")
        return _backlog(folder, name)
    return _of_file(opener(folder, name), PurePosixPath(name).stem, kind)


def source_of_text(text: str, kind: Kind) -> Source:
    """A file's text as a source."""
    return _of_file(content(text), "imported", kind)


def _backlog(folder: Folder, name: str) -> Source:
    # Only here: the reader of YAML takes longer to load than all else a server has to do with files.
    from kanban_mcp.importers.backlog import BacklogFolder  # noqa: PLC0415

    inner = f"{name}/backlog" if "backlog" in folder.listed(name) else name
    if "tasks" not in folder.listed(inner):
        raise Invalid(f"{name!r} has no folder of tasks.", hint="Name a Backlog.md folder: the one with `tasks` in it.")
    return BacklogFolder(folder, inner)


def _of_file(opened: Opener, stem: str, kind: Kind) -> Source:
    if kind == "auto":
        kind = _seen(opened)
    if kind == "kanban":
        return JsonLines(opened)
    if kind == "beads":
        return Beads(opened, "Beads" if stem == "issues" else stem)
    if kind == "task-master":
        return TaskMaster(opened, "Tasks" if stem == "tasks" else stem)
    if kind == "trello":
        return Trello(opened)
    raise Invalid("A Backlog.md board is a folder.", hint="Name its folder.")


def _seen(opened: Opener) -> Kind:
    """What a file looks like: by its first line where that is JSON by itself, else by the whole."""
    with opened() as file:
        first = file.readline(_FIRST)
        if (found := _of_line(first)) is not None:
            return found
        whole_file = parsed(first + whole(file), "The file")
    if isinstance(whole_file, dict) and "cards" in whole_file and "lists" in whole_file:
        return "trello"
    if isinstance(whole_file, dict) and ("tasks" in whole_file or any(map(_has_tasks, whole_file.values()))):
        return "task-master"
    raise Invalid(
        "The format of the file is not recognised.",
        hint="Say with `source` which wrote it: kanban, backlog, beads, task-master or trello.",
    )


def _of_line(line: bytes) -> Kind | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "cards" in found or "tasks" in found or any(map(_has_tasks, found.values())):
        return None
    if "id" in found and "title" in found or "_type" in found:
        return "beads"
    return "kanban" if "type" in found else None


def _has_tasks(value: object) -> bool:
    return isinstance(value, dict) and "tasks" in value
