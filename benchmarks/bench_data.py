"""How fast do boards go out and come in, beside the least that could be done with the same rows?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import Figure, full, timed
from benchmarks.workload import WORDS
from kanban_mcp.app import App, open_app
from kanban_mcp.files import beside
from kanban_mcp.importers.detection import source_of
from kanban_mcp.importers.jsonl import HEADER
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.position import between
from kanban_mcp.settings import Settings

ROUNDS = 3
STAMP = "2026-01-01T12:00:00.000000Z"
CALLER = Caller("bench")
COLUMNS = [
    {"status": "todo", "name": "To do", "category": "todo", "wip_limit": None},
    {"status": "done", "name": "Done", "category": "done", "wip_limit": None},
]
BOARD = {"id": 1, "name": "Bench", "description": "", "version": 1, "created_at": STAMP, "updated_at": STAMP}

Records = list[dict[str, Any]]


def measure() -> list[Figure]:
    """Import, export and memory, at a tenth of the size unless the long form is asked for."""
    size = 100_000 if full() else 10_000
    with TemporaryDirectory() as name:
        folder = Path(name)
        records = list(_records(size))
        lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records]
        (folder / "board.jsonl").write_text(HEADER + "".join(lines))
        return [_import(folder, records, size), _export(folder, records, size), *_memory(folder, size)]


def _import(folder: Path, records: Records, size: int) -> Figure:
    bare, ours = [], []
    for _ in range(ROUNDS):
        with _fresh() as app:
            bare.append(timed(lambda app=app: _bare(app, records)))  # type: ignore[misc]
        with _fresh() as app:
            ours.append(timed(lambda app=app: _imported(app, folder)))  # type: ignore[misc]
    detail = f"{len(records) / median(ours):.0f} against {len(records) / median(bare):.0f} rows/s"
    question = f"import of {size} tasks / executemany of the same rows"
    return Figure(question, median(bare) / median(ours), "times", 0.5, "at least", detail)


def _export(folder: Path, records: Records, size: int) -> Figure:
    dumped, ours = [], []
    with _fresh() as app:
        _imported(app, folder)
        for turn in range(ROUNDS):
            dumped.append(timed(lambda: [json.dumps(record) for record in records]))
            ours.append(timed(lambda turn=turn: _exported(app, folder / f"{turn}.jsonl")))  # type: ignore[misc]
    assert (folder / "0.jsonl").stat().st_size > size * 100
    detail = f"{len(records) / median(ours):.0f} against {len(records) / median(dumped):.0f} rows/s"
    question = f"export of {size} tasks / json.dumps of the same rows"
    return Figure(question, median(dumped) / median(ours), "times", 0.5, "at least", detail)


def _memory(folder: Path, size: int) -> Iterator[Figure]:
    """What a process grows by, at its peak, for a board of this size and one of a fifth of it."""
    small = list(_records(size // 5))
    (folder / "small.jsonl").write_text(HEADER + "".join(json.dumps(record) + "\n" for record in small))
    for work in ("import", "export"):
        grown = [_peak(work, folder / name) for name in ("small.jsonl", "board.jsonl")]
        detail = f"{grown[1]:.0f} MB at the peak, {grown[0]:.0f} for a fifth; the file has {_mb(folder):.0f} MB"
        yield Figure(f"{work} of {size} tasks: bytes of memory more a task", _each(grown, size), "bytes", detail=detail)


def _each(grown: list[float], size: int) -> float:
    return max(0.0, (grown[1] - grown[0]) * 1e6 / (size * 0.8))


def _mb(folder: Path) -> float:
    return (folder / "board.jsonl").stat().st_size / 1e6


MEASURED = """
import resource, sys
from pathlib import Path
from benchmarks.bench_data import _exported, _fresh, _imported_file
with _fresh() as app:
    if sys.argv[1] == "export":
        _imported_file(app, Path(sys.argv[2]))
        before = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
        Path("/proc/self/clear_refs").write_text("5")
        _exported(app, Path(sys.argv[2]).with_suffix(".out"))
        Path(sys.argv[2]).with_suffix(".out").unlink()
    else:
        _imported_file(app, Path(sys.argv[2]))
    peak = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print(int(peak[0].split()[1]) / 1000)
"""


def _peak(work: str, path: Path) -> float:
    """The resident megabytes of a process at their highest."""
    ran = subprocess.run([sys.executable, "-c", MEASURED, work, str(path)], capture_output=True, text=True, check=True)
    return float(ran.stdout)


@contextmanager
def _fresh() -> Iterator[App]:
    with TemporaryDirectory() as folder, open_app(Settings(db=Path(folder) / "bench.db")) as app:
        yield app


def _imported(app: App, folder: Path) -> None:
    _imported_file(app, folder / "board.jsonl")


def _imported_file(app: App, path: Path) -> None:
    with app.database.reading(CALLER):
        write = app.services.imports.prepared(source_of(*beside(path), "auto"))
    app.writer.submit(write, caller=CALLER).result()


def _exported(app: App, path: Path) -> None:
    with app.database.reading(CALLER):
        app.services.exports.write(app.services.boards.resolve(1), "jsonl", *beside(path))


def _bare(app: App, records: Records) -> None:
    """The rows as they are, known to be right, in one transaction."""
    put = app.services.boards._store.exchange
    kinds: dict[str, Records] = {}
    for record in records:
        kinds.setdefault(record["type"], []).append(record)
    tasks = [{**task, "board_id": 1, "acceptance": "[]", "blocked_by": task["id"] % 2} for task in kinds["task"]]
    links = [{"task_id": task["id"], "depends_on": task["id"] - 1, "kind": "blocks"} for task in tasks[1::2]]
    changes = [
        {**change, "seq": number, "board_id": 1, "before": None, "after": json.dumps(change["after"])}
        for number, change in enumerate(kinds["change"], start=1)
    ]

    def write() -> None:
        put.put_board({**BOARD, "archived_at": None})
        app.database.many("bench", COLUMN, ({**column, "position": n} for n, column in enumerate(COLUMNS)))
        put.put_tasks(tasks)
        put.put_links(links)
        put.put_notes(kinds["note"])
        put.put_changes(changes)

    seconds = app.writer.submit(lambda: timed(write), caller=CALLER).result()
    assert seconds


COLUMN = """
insert into columns (board_id, status, name, position, category, wip_limit)
values (1, :status, :name, :position, :category, :wip_limit)
"""


def _records(size: int) -> Iterator[dict[str, Any]]:
    """A board in which every second task waits for the one before it, and each has a note and a past."""
    yield {"type": "board", **BOARD, "columns": COLUMNS}
    tasks: Records = []
    place = None
    for number in range(1, size + 1):
        place = between(place, None)
        tasks.append(_task(number, place))
    yield from tasks
    for task in tasks:
        yield {
            "type": "note", "id": task["id"], "task_id": task["id"], "title": "", "content": _words(task["id"] + 7, 20),
            "category": "progress", "pinned": False, "author": "ann", "created_at": STAMP, "updated_at": STAMP,
        }  # fmt: skip
    for task in tasks:
        yield {
            "type": "change", "at": STAMP, "actor": "ann", "action": "created", "entity": "task",
            "entity_id": task["id"], "task_id": task["id"], "before": None,
            "after": {"id": task["id"], "board_id": 1, "title": task["title"], "status": "todo", "priority": 5},
        }  # fmt: skip


def _task(number: int, place: str) -> dict[str, Any]:
    return {
        "type": "task", "id": number, "status": "todo", "position": place, "priority": number % 11,
        "title": _words(number, 5), "description": _words(number * 3, 25), "acceptance": [], "assignee": None,
        "created_by": "ann", "parent_id": None, "due_at": None, "version": 1, "created_at": STAMP,
        "updated_at": STAMP, "started_at": None, "completed_at": None, "archived_at": None, "claimed_by": None,
        "lease": 0, "lease_expires_at": None, "attempts": 0, "tags": [],
        "depends_on": [] if number % 2 else [[number - 1, "blocks"]],
    }  # fmt: skip


def _words(seed: int, count: int) -> str:
    return " ".join(WORDS[(seed * 31 + index * index * 17) % len(WORDS)] for index in range(count))
