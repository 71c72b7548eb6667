"""A board with a long past: tasks, and the log of how they came to where they are, as the services write it."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

CHUNK = 1000
START = datetime(2025, 1, 1, tzinfo=UTC)
SEED = Caller("seed")
AGENTS = ("ada", "bob", "cyd", "dov")
DAYS = 200
"""How long the board has been there; as many tasks are made each day."""


@contextmanager
def lived(tasks: int) -> Iterator[App]:
    """An app over a board of so many tasks, with about ten entries of the log for each."""
    with TemporaryDirectory() as folder:
        settings = Settings(db=Path(folder) / "bench.db", toolsets=("all",), cache_entries=0)
        end = START + timedelta(days=DAYS)
        moments = [START]
        with open_app(settings, clock=lambda: moments[-1]) as app:
            app.writer.submit(lambda: app.services.boards.create_board("Bench"), caller=SEED).result()
            moments.append(end)
            for first in range(1, tasks + 1, CHUNK):
                app.writer.submit(
                    partial(_chunk, app, first, min(first + CHUNK, tasks + 1), tasks), caller=SEED
                ).result()
            yield app


def _chunk(app: App, first: int, stop: int, tasks: int) -> None:
    entries: list[tuple[datetime, dict[str, Any]]] = []
    for task_id in range(first, stop):
        life = _Life(task_id, START + timedelta(days=DAYS * task_id / tasks))
        entries += life.entries
        app.database.run("bench.task", TASK, **life.row)
    for at, entry in sorted(entries, key=lambda pair: pair[0]):
        app.database.run("bench.entry", ENTRY, at=_stamp(at), **entry)


class _Life:
    """What happened to one task: made, described, linked, claimed, noted, reviewed, done; some only in part."""

    def __init__(self, task_id: int, at: datetime) -> None:
        self._chance = random.Random(task_id)
        self._agent = self._chance.choice(AGENTS)
        self._at, self._end = at, START + timedelta(days=DAYS)
        self._version = 1
        made = {"id": task_id, "board_id": 1, "title": f"Task {task_id}", "status": "todo", "priority": 5}
        made |= {"description": "what is to be done, and why, in some words " * 5, "created_by": "planner"}
        self.row: dict[str, Any] = made | {"position": f"m{task_id:07}", "created_at": _stamp(self._at)}
        self.row |= {"started_at": None, "completed_at": None}
        self.entries: list[tuple[datetime, dict[str, Any]]] = []
        self._log("created", None, {**self.row, "version": 1})
        self._live()

    def _live(self) -> None:
        steps: list[Callable[[], None]] = [
            lambda: self._turn("updated", "priority", 5, 6),
            lambda: self._log("blocked", {"blocked_by": 0}, {"blocked_by": 1}),
            lambda: self._log("unblocked", {"blocked_by": 1}, {"blocked_by": 0}),
            lambda: self._move("claimed", "in_progress", "started_at"),
            lambda: self._note("began"),
            lambda: self._note("found what it takes"),
            lambda: self._move("moved", "review"),
            lambda: self._note("looks right"),
            lambda: self._move("completed", "done", "completed_at"),
        ]
        for step in steps:
            self._at += timedelta(hours=self._chance.expovariate(1 / 6))
            if self._at > self._end:
                return
            step()

    def _move(self, action: str, status: str, field: str | None = None) -> None:
        before = {"status": self.row["status"], "position": self.row["position"], "claimed_by": None, "lease": 0}
        after = {"status": status, "position": self.row["position"], "claimed_by": self._agent, "lease": 1}
        if field is not None:
            before[field], after[field] = None, _stamp(self._at)
            self.row[field] = after[field]
        self.row["status"] = status
        self._log(action, {**before, "version": self._version}, {**after, "version": self._version + 1})
        self._version += 1

    def _turn(self, action: str, field: str, old: object, new: object) -> None:
        self._log(action, {field: old, "version": self._version}, {field: new, "version": self._version + 1})
        self._version += 1

    def _note(self, content: str) -> None:
        after = {"task_id": self.row["id"], "content": content, "category": "progress", "author": self._agent}
        self._log("created", None, {**after, "created_at": _stamp(self._at)}, entity="note")

    def _log(self, action: str, before: Any, after: Any, *, entity: str = "task") -> None:
        entry = {"actor": self._agent, "action": action, "entity": entity, "task_id": self.row["id"]}
        packed = {"before": before and _packed(before), "after": _packed(after)}
        self.entries.append((self._at, entry | packed))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _packed(fields: Any) -> str:
    return json.dumps(fields, separators=(",", ":"))


TASK = """
insert into tasks (id, board_id, status, position, priority, title, description, created_by, created_at, updated_at,
    started_at, completed_at)
values (:id, 1, :status, :position, :priority, :title, :description, :created_by, :created_at, :created_at,
    :started_at, :completed_at)
"""
ENTRY = """
insert into changes (at, actor, action, entity, entity_id, board_id, task_id, "before", "after")
values (:at, :actor, :action, :entity, :task_id, 1, :task_id, :before, :after)
"""
