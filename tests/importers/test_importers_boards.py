"""Boards of other programs, from files that those programs wrote, held against what they list themselves.

`files/README.md` says how each was made.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import Invalid
from kanban_mcp.importers.checking import Checker
from kanban_mcp.importers.detection import source_of_text
from kanban_mcp.importers.source import Moment, Source
from kanban_mcp.settings import Settings
from tests.conftest import Call, Refused, SettableClock

FILES = Path(__file__).parent / "files"


@pytest.fixture
def app(db: Path, clock: SettableClock, tmp_path: Path) -> Iterator[App]:
    """An app whose folder for files has the other programs' files."""
    shutil.copytree(FILES, tmp_path / "files")
    with open_app(Settings(db=db, toolsets=("all",), files=tmp_path / "files"), clock=clock) as opened:
        yield opened


async def tasks(call: Call) -> dict[str, dict[str, Any]]:
    """Every task of the only board by title, archived ones too, with names for ids."""
    rows = [row for flag in (False, True) for row in (await call("list_tasks", archived=flag, limit=100))["rows"]]
    return {row[1]: await call("get_task", task_id=row[0]) for row in rows}


def titles(links: list[dict[str, Any]]) -> list[str]:
    return [link["title"] for link in links]


async def check_sound(call: Call) -> None:
    assert (await call("get_health", check=True)).get("problems", []) == []


async def test_a_backlog_folder_is_taken_whole(call: Call) -> None:
    done = await call("import_board", file="backlog")
    assert (done["source"], done["name"], done["tasks"], done["notes"]) == ("backlog", "Ship the parser", 7, 2)
    assert done["left_out"] == ["drafts/draft-1 - An-idea.md: a draft is no task yet"]
    found = await tasks(call)
    one = found["Read the grammar"]
    assert (one["status"], one["priority"], one["assignee"], one["tags"]) == ("done", 8, "ann", ["docs", "research"])
    assert one["description"] == "Find out what the **grammar** allows.\n\n- comments\n- strings"
    assert one["acceptance"] == ["[x] The grammar is written down", "[ ] Ambiguities are listed"]
    assert {(note["title"], note["content"]) for note in one["notes"]} == {
        ("Implementation Notes", "The old page is wrong about comments."),
        ("Final Summary", "Grammar is in docs/grammar.md"),
    }
    assert found["Write the lexer"]["due_at"] == "2026-12-24T00:00:00.000000Z"
    assert titles(found["Write the parser"]["blockers"]) == ["Write the lexer", "Read the grammar"]
    assert titles(found["Write the parser"]["subtasks"]) == ["Parser: error recovery"]
    assert found['Fuzz it, "hard": 100%']["description"].endswith("Ünïcode → fine\n\n- https://example.org/fuzzing")
    assert found["Rejected thing"]["archived_at"]
    await check_sound(call)


async def test_a_backlog_board_shows_what_backlog_lists(call: Call) -> None:
    await call("import_board", file="backlog")
    listed: dict[str, set[str]] = {}
    for line in (FILES / "backlog.listed.txt").read_text().splitlines():
        if line.endswith(":"):
            listed[column := line[:-1]] = set()
        elif match := re.match(r"  (?:\[\w+\] )?TASK-[\d.]+ - (.*?)(?: \((?:ac|due)[ :].*)?$", line):
            listed[column].add(match[1])
    columns = {"To Do": "to_do", "In Progress": "in_progress", "Done": "done"}
    shown = {
        name: {row[1] for row in (await call("list_tasks", status=status))["rows"]} for name, status in columns.items()
    }
    assert shown["Done"] == listed["Done"] | {"Old thing"}, "backlog lists no completed ones"
    assert {**shown, "Done": listed["Done"]} == listed


async def test_beads_are_taken_with_what_they_wait_for(call: Call) -> None:
    done = await call("import_board", file="beads/issues.jsonl")
    assert (done["source"], done["name"], done["tasks"], done["notes"], done["links"]) == ("beads", "Beads", 5, 4, 2)
    assert done["left_out"] == [
        "line 6: bd-a6 was deleted",
        "line 7: is a memory",
        "bd-a4: bd-zz, which it is linked to, is not in the file",
    ]
    found = await tasks(call)
    assert {title: (task["status"], task["priority"]) for title, task in found.items()} == {
        "Parser": ("todo", 8),
        "Read the grammar": ("done", 10),
        "Write the lexer": ("in_progress", 5),
        "Lexer loses the last token": ("todo", 3),
        "Ünïcode → fine": ("backlog", 1),
    }
    grammar, lexer = found["Read the grammar"], found["Write the lexer"]
    assert grammar["completed_at"] == "2026-03-03T12:00:00.000000Z"
    assert grammar["acceptance"] == ["[x] The grammar is written down", "[x] Ambiguities are listed"]
    assert (titles(lexer["blockers"]), lexer["tags"]) == (["Read the grammar"], ["feature"])
    assert [(note["author"], note["content"]) for note in lexer["notes"]] == [("eve", "Positions count from 1.")]
    assert titles(found["Lexer loses the last token"]["related"]) == ["Write the lexer"]
    assert set(titles(found["Parser"]["subtasks"])) == {"Read the grammar", "Write the lexer"}
    assert found["Parser"]["created_at"] == "2026-03-01T08:00:00.123456Z"
    await check_sound(call)


async def test_task_master_shows_what_it_lists_itself(call: Call) -> None:
    done = await call("import_board", file="taskmaster/tasks.json")
    assert (done["source"], done["tasks"], done["links"]) == ("task-master", 7, 5)
    found = await tasks(call)
    statuses = {"done": "done", "in-progress": "in_progress", "pending": "todo", "review": "review"}
    priorities = {"high": 8, "medium": 5, "low": 2, None: 5}
    listed = json.loads((FILES / "taskmaster.listed.json").read_text())["tasks"]
    names = {str(item["id"]): item["title"] for item in listed}
    for item in listed:
        task = found[item["title"]]
        assert task["status"] == statuses.get(item["status"], "backlog")
        assert task["priority"] == priorities[item["priority"]]
        assert set(titles(task.get("blockers", []))) == {names[key] for key in item["dependencies"]}
        assert titles(task.get("subtasks", [])) == [subtask["title"] for subtask in item["subtasks"]]
    assert titles(found["Error recovery"]["blockers"]) == ["Expressions"]
    assert found["Read the grammar"]["description"] == "Find out what the grammar allows.\n\nComments and strings."
    assert found["Write a manual"]["tags"] == ["later"]
    await check_sound(call)


async def test_a_trello_board_is_taken_with_lists_checklists_and_comments(call: Call) -> None:
    done = await call("import_board", file="trello/board.json")
    assert (done["source"], done["name"], done["tasks"], done["notes"]) == ("trello", "Parser", 5, 1)
    board = await call("get_board")
    assert [(column["status"], column["category"]) for column in board["columns"]] == [
        ("to_do", "todo"),
        ("doing", "active"),
        ("done", "done"),
        ("old_list", "active"),
    ]
    found = await tasks(call)
    lexer = found["Write the lexer"]
    assert (lexer["status"], lexer["assignee"], lexer["created_by"]) == ("doing", "bob", "bob")
    assert lexer["acceptance"] == ["[x] Positions are right", "[ ] No token is lost"]
    assert lexer["description"] == "Tokens with **positions**.\n\n- https://example.org/notes"
    assert [(note["author"], note["content"]) for note in lexer["notes"]] == [("ann", "Positions count from 1.")]
    assert (found["Write the parser"]["tags"], found["Read the grammar"]["tags"]) == (["red"], ["docs"])
    assert [bool(found[title].get("archived_at")) for title in ("Fuzz it", "From an old list")] == [True, True]
    await check_sound(call)


@pytest.mark.parametrize("file", ["backlog", "beads/issues.jsonl", "taskmaster/tasks.json", "trello/board.json"])
async def test_the_same_again_changes_nothing_and_what_came_goes_out_and_in_to_the_byte(
    call: Call, clock: SettableClock, file: str, tmp_path: Path
) -> None:
    await call("import_board", file=file)
    before = (await call("list_changes", limit=100))["rows"]
    clock.advance(hours=1)
    assert (await call("import_board", file=file))["unchanged"]
    assert (await call("list_changes", limit=100))["rows"] == before
    await call("export_board", file="a.jsonl")
    with open_app(Settings(db=tmp_path / "b.db", toolsets=("all",), files=tmp_path / "files"), clock=clock) as there:
        await there.runner.call("import_board", {"file": "a.jsonl"}, actor="bob")
        await there.runner.call("export_board", {"file": "b.jsonl"}, actor="bob")
    assert (tmp_path / "files/a.jsonl").read_bytes() == (tmp_path / "files/b.jsonl").read_bytes()


SPOILED = {
    "beads": ("beads/issues.jsonl", b"\n{", b"\n{{", "line 2: is not JSON"),
    "task-master": (
        "taskmaster/tasks.json",
        b'"tasks": [',
        b'"tasks": [7,',
        "master: its tasks are no list",
    ),
    "trello": ("trello/board.json", b'"lists": [', b'"lists": [7,', "lists: is no list of objects"),
    "backlog": ("backlog/config.yml", b"project_name:", b"project_name: [", "config.yml: its YAML is wrong, line 2"),
}


@pytest.mark.parametrize("kind", SPOILED)
async def test_a_spoiled_file_of_another_program_is_refused_whole(
    call: Call, refused: Refused, tmp_path: Path, kind: str
) -> None:
    name, old, new, said = SPOILED[kind]
    path = tmp_path / "files" / name
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    error = await refused("import_board", file=name.split("/")[0] if kind == "backlog" else name, source=kind)
    assert (error.code, said in error.message) == ("invalid", True), error.message
    assert (await call("list_boards"))["rows"] == []


async def test_what_is_longer_than_a_field_goes_on_in_notes(call: Call) -> None:
    issue = {"id": "bd-1", "title": "t" * 300, "description": "d" * 50_000, "status": "open", "labels": ["a,b", "A,B"]}
    done = await call("import_board", content=json.dumps(issue) + "\n", name="Long")
    task = await call("get_task", task_id=1)
    assert (done["source"], task["title"], task["tags"]) == ("beads", "t" * 199 + "…", ["a b"])
    whole = task["description"]
    for note_id in range(1, done["notes"] + 1):
        page = await call("list_notes", task_id=1, limit=1, cursor=f"0.{note_id + 1}")
        whole += page["rows"][0][3]
    assert whole == "t" * 300 + "\n\n" + "d" * 50_000


async def test_a_file_that_nobody_knows_is_refused_saying_what_helps(refused: Refused) -> None:
    for text in ("[]", '{"a": 1', '{\n"a": 1}', "", "hello"):
        error = await refused("import_board", content=text)
        assert error.code == "invalid", text


def spoiled(value: Any) -> Iterator[Any]:
    """A value as it was read from JSON, each part of it in turn replaced by something of another kind."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: other} for other in (*ODD, *spoiled(part)))
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in (*ODD, *spoiled(part)))


ODD: tuple[Any, ...] = (None, 7, -1.5, True, "", "\ud800\x00", [[]], {"a": {}}, [None])


def imported_or_refused(source: Source) -> None:
    checker = Checker()
    try:
        for placed in source.records(Moment("2026-01-01T12:00:00.000000Z", "ann")):
            checker.take(placed)
        checker.finish()
    except Invalid as error:
        assert error.message


def test_nothing_in_a_file_of_another_program_is_a_fault_of_ours() -> None:
    for kind, name in (("trello", "trello/board.json"), ("task-master", "taskmaster/tasks.json")):
        for each in spoiled(json.loads((FILES / name).read_text())):
            imported_or_refused(source_of_text(json.dumps(each), kind))  # type: ignore[arg-type]
    for line in (FILES / "beads/issues.jsonl").read_text().splitlines():
        for each in spoiled(json.loads(line)):
            imported_or_refused(source_of_text(json.dumps(each) + "\n", "beads"))
