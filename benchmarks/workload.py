"""Boards of a stated size, always the same for the same size."""

import json
import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.models.position import between
from kanban_mcp.settings import Settings
from kanban_mcp.store.exchange import ExchangeStore

Row: TypeAlias = dict[str, Any]

CHUNK = 1000
WORDS = [
    first + second for first in map("".join, product("bdkmnprst", "aeiou")) for second in ("lan", "mer", "nis", "por")
]
TAGS = ("red", "green", "blue")
STAMP = "2026-01-01T12:00:00.000000Z"
SEQ = 10
"""Entries of the log before those of tasks, more than what is made first needs."""
COLUMNS = ["backlog", "backlog", "todo", "in_progress", "done"]


@contextmanager
def seeded(tasks: int, *, cache: int = 0) -> Iterator[App]:
    """An app over a new file with so many tasks, half as many dependencies, and notes and tags on a tenth each."""
    with TemporaryDirectory() as folder:
        settings = Settings(db=Path(folder) / "bench.db", toolsets=("all",), cache_entries=cache)
        with open_app(settings) as app:
            seed(app, tasks)
            yield app


def seed(app: App, tasks: int) -> None:
    """Fill an empty file, in transactions of a thousand tasks. As an import does it, but for the log: it tells of each
    task that it was made.
    """

    def prepare() -> None:
        app.services.boards.create_board("Bench")
        for tag in TAGS:
            app.services.tags.create_tag(tag)

    caller = Caller("seed")
    app.writer.submit(prepare, caller=caller).result()
    rows = _Rows(random.Random(tasks))
    for start in range(0, tasks, CHUNK):
        chunk = range(start + 1, min(start + CHUNK, tasks) + 1)
        app.writer.submit(partial(_put, ExchangeStore(app.database), rows, chunk), caller=caller).result()


def _put(store: ExchangeStore, rows: "_Rows", ids: range) -> None:
    made = [rows.task(id_) for id_ in ids]
    store.put_tasks(each.task for each in made)
    store.put_links(each.link for each in made if each.link)
    store.put_task_tags(each.tag for each in made if each.tag)
    store.put_notes(each.note for each in made if each.note)
    store.put_changes(each.change for each in made)


class _Made(NamedTuple):
    """The rows of one task."""

    task: Row
    change: Row
    link: Row | None
    tag: Row | None
    note: Row | None


class _Rows:
    """Makes tasks, always the same with the same chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._last: dict[str, str] = {}
        self._open: deque[bool] = deque(maxlen=50)

    def task(self, id_: int) -> _Made:
        """The rows of the next task."""
        chance, status = self._chance, self._chance.choice(COLUMNS)
        position = self._last[status] = between(self._last.get(status), None)
        needs = id_ - chance.randint(1, len(self._open)) if self._open and id_ % 2 == 0 else None
        blocked = needs is not None and self._open[needs - id_]
        unique = f" unique{id_ - 1}" if id_ <= 100 else ""
        task = {
            "id": id_,
            "board_id": 1,
            "status": status,
            "position": position,
            "priority": chance.randrange(11),
            "title": _words(chance, 4) + unique,
            "description": _words(chance, 25),
            "created_by": "seed",
            "blocked_by": int(blocked),
            "completed_at": STAMP if status == "done" else None,
            "started_at": STAMP if status in ("in_progress", "done") else None,
        }
        self._open.append(status != "done")
        change = {"seq": SEQ + id_, "entity_id": id_, "task_id": id_, "after": json.dumps(task)}
        note = {"id": id_ // 10 + 1, "task_id": id_, "content": _words(chance, 15)} if id_ % 10 == 5 else None
        return _Made(
            {**_TASK, **task},
            {**_CHANGE, **change},
            {"task_id": id_, "depends_on": needs, "kind": "blocks"} if needs else None,
            {"task_id": id_, "tag_id": chance.randint(1, len(TAGS))} if id_ % 10 == 1 else None,
            {**_NOTE, **note} if note else None,
        )


_TASK: Row = {
    "acceptance": "[]",
    "assignee": None,
    "parent_id": None,
    "due_at": None,
    "version": 1,
    "created_at": STAMP,
    "updated_at": STAMP,
    "archived_at": None,
    "claimed_by": None,
    "lease": 0,
    "lease_expires_at": None,
    "attempts": 0,
}
_NOTE: Row = {
    "title": "",
    "category": "general",
    "pinned": 0,
    "author": "seed",
    "created_at": STAMP,
    "updated_at": STAMP,
}
_CHANGE: Row = {"at": STAMP, "actor": "seed", "action": "created", "entity": "task", "board_id": 1, "before": None}


def _words(chance: random.Random, count: int) -> str:
    """Words with the spread of a language: few are common, most are rare."""
    return " ".join(WORDS[min(int(chance.paretovariate(0.7)), len(WORDS)) - 1] for _ in range(count))
