"""What is wrong with a file is said with its line, and nothing of the file is written."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import Conflict, KanbanError
from kanban_mcp.models.caller import Caller
from kanban_mcp.progress import heard_by
from kanban_mcp.settings import Settings
from tests.conftest import Call, Refused, SettableClock


def lines_of(tmp_path: Path, name: str = "a.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "files" / name).read_text().splitlines()]


Change = Callable[[list[dict[str, Any]]], object]


def task(lines: list[dict[str, Any]], number: int) -> dict[str, Any]:
    return next(line for line in lines if line["type"] == "task" and line["id"] == number)


BROKEN: dict[str, tuple[Change, str]] = {
    "a newer version": (lambda lines: lines[0].update(version=2), "line 1: the file has version 2"),
    "another format": (lambda lines: lines[0].update(format="x"), "line 1: is not the header"),
    "no header": (lambda lines: lines.pop(0), "line 1: is not the header"),
    "an unknown field": (lambda lines: task(lines, 1).update(colour="red"), "line 5: colour: Extra inputs"),
    "an unknown kind": (lambda lines: lines[4].update(type="card"), "line 5: Input tag 'card'"),
    "a number for a text": (lambda lines: task(lines, 1).update(title=5), "line 5: title"),
    "a control character": (lambda lines: task(lines, 1).update(title="a\x07"), "line 5: title"),
    "no such column": (lambda lines: task(lines, 2).update(status="nowhere"), "line 6: the board has no column"),
    "two tasks of one id": (lambda lines: task(lines, 2).update(id=1), "line 6: there is already a task 1"),
    "done and not done": (lambda lines: task(lines, 1).update(completed_at=None), "line 5: a task has completed_at"),
    "an unknown tag": (lambda lines: task(lines, 1).update(tags=["none"]), "line 5: its tags"),
    "a link into nothing": (lambda lines: task(lines, 2).update(depends_on=[[99, "blocks"]]), "line 6: it refers"),
    "a parent that is not there": (lambda lines: task(lines, 2).update(parent_id=99), "line 6: it refers to task 99"),
    "a circle": (lambda lines: task(lines, 1).update(depends_on=[[2, "blocks"]]), "in a circle: 1, 2"),
    "a task after the notes": (lambda lines: lines.append(task(lines, 1)), "a record of tasks does not stand here"),
    "two boards": (lambda lines: lines.insert(2, lines[1]), "line 3: a record of boards does not stand here"),
    "nothing": (lambda lines: lines.clear(), "ends before its board"),
}


async def test_a_file_with_a_fault_is_refused_whole_saying_where(
    call: Call, refused: Refused, worked_on: dict[str, Any], tmp_path: Path
) -> None:
    await call("export_board", file="a.jsonl")
    for fault, (change, said) in BROKEN.items():
        lines = lines_of(tmp_path)
        change(lines)
        (tmp_path / "files/b.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        error = await refused("import_board", file="b.jsonl", source="kanban", name="Beta")
        assert (error.code, said in error.message) == ("invalid", True), (fault, error.message)
    assert len((await call("list_boards", archived=True))["rows"]) == 1


async def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(
    call: Call, refused: Refused, worked_on: dict[str, Any], tmp_path: Path
) -> None:
    await call("export_board", file="a.jsonl")
    data = (tmp_path / "files/a.jsonl").read_bytes()
    for length in range(1, len(data), 397):
        if data[length - 1 : length] == b"\n":
            continue
        (tmp_path / "files/b.jsonl").write_bytes(data[:length])
        assert (await refused("import_board", file="b.jsonl", source="kanban", name="Beta")).code == "invalid"


@pytest.mark.parametrize(
    ("text", "said"), [('{"a":1}', "format of the file is not recognised"), ("[" * 5000, "is nested too deeply")]
)
async def test_a_text_that_is_no_board_is_told_as_that(refused: Refused, text: str, said: str) -> None:
    assert said in (await refused("import_board", content=text)).message


async def test_a_line_without_end_is_refused_without_reading_it(refused: Refused, tmp_path: Path) -> None:
    with (tmp_path / "files/a.jsonl").open("wb") as file:
        file.write(b'{"type":"header"')
        file.truncate(1024**3)
    assert "is longer than" in (await refused("import_board", file="a.jsonl", source="kanban")).message
    for source in ("trello", "task-master"):
        assert "is larger than" in (await refused("import_board", file="a.jsonl", source=source)).message


OUTSIDE = (
    "../a.jsonl",
    "/etc/passwd",
    "x/../../a.jsonl",
    "a\x00.jsonl",
    "./a.jsonl",
    "..",
    "x//a",
    "a" * 256,
    "..\\a",
    "link/a.jsonl",
)


async def test_no_name_leads_out_of_the_folder(
    call: Call, refused: Refused, worked_on: dict[str, Any], tmp_path: Path
) -> None:
    files = tmp_path / "files"
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/a.jsonl").write_text("secret")
    (files / "link").symlink_to(tmp_path / "secret")
    (files / "linked.jsonl").symlink_to(tmp_path / "secret/a.jsonl")
    (files / "dangling.jsonl").symlink_to(tmp_path / "made.jsonl")
    os.mkfifo(files / "pipe.jsonl")
    for name in OUTSIDE:
        for operation in ("import_board", "export_board", "backup"):
            error = await refused(operation, file=name)
            assert error.code == "forbidden", (operation, name, error.message)
            assert str(tmp_path) not in error.message
    assert (await refused("import_board", file="linked.jsonl")).code == "forbidden"
    assert (await refused("import_board", file="pipe.jsonl")).code == "invalid"
    for name in ("linked.jsonl", "dangling.jsonl"):
        assert (await refused("export_board", file=name)).code == "conflict"
        assert (await refused("backup", file=name)).code == "conflict"
    assert not (tmp_path / "made.jsonl").exists()
    assert sorted(path.name for path in files.iterdir()) == ["dangling.jsonl", "link", "linked.jsonl", "pipe.jsonl"]


async def test_nothing_is_written_over_and_what_is_written_is_for_its_owner_alone(
    call: Call, refused: Refused, worked_on: dict[str, Any], tmp_path: Path
) -> None:
    for operation in ("export_board", "backup"):
        await call(operation, file=operation)
        kept = tmp_path / "files" / operation
        before = kept.read_bytes()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert "already a file" in (await refused(operation, file=operation)).message
        assert kept.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == ["backup", "export_board"]


async def test_without_a_folder_no_files_are_named(db: Path, clock: SettableClock) -> None:
    with open_app(Settings(db=db, toolsets=("all",)), clock=clock) as app:
        await app.runner.call("create_board", {"name": "Alpha"}, actor="ann")
        for operation in ("import_board", "export_board", "backup"):
            with pytest.raises(KanbanError) as caught:
                await app.runner.call(operation, {"file": "a.jsonl"}, actor="ann")
            assert (caught.value.code, "--files" in caught.value.hint) == ("forbidden", True)


async def test_a_file_that_changes_under_the_import_is_refused(
    call: Call, app: App, worked_on: dict[str, Any], tmp_path: Path
) -> None:
    await call("export_board", file="a.jsonl")
    path = tmp_path / "files/a.jsonl"
    with app.database.reading(Caller("ann")):
        write = app.services.imports.prepare_import(file="a.jsonl", name="Beta")
    path.write_text(path.read_text().replace("found out", "found it"))
    with pytest.raises(Conflict, match="changed while"):
        app.writer.submit(write, caller=Caller("ann")).result(30)
    assert len((await call("list_boards"))["rows"]) == 1


async def test_an_import_that_is_taken_back_leaves_nothing(call: Call, app: App, tmp_path: Path) -> None:
    await call("create_board", name="Alpha")
    for _ in range(12):
        await call("create_tasks", tasks=[{"title": "x"}] * 100)
    await call("export_board", file="a.jsonl")
    told: list[tuple[int, int]] = []

    def hear(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 2:
            raise RuntimeError("enough")

    with app.database.reading(Caller("ann")):
        write = app.services.imports.prepare_import(file="a.jsonl", name="Beta")
    with heard_by(hear), pytest.raises(RuntimeError):
        app.writer.submit(write, caller=Caller("ann")).result(30)
    assert told == [(1000, 2401), (1200, 2401)]
    assert len((await call("list_boards"))["rows"]) == 1
