"""Boards of a stated size, always the same for the same size."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

CHUNK = 1000
WORDS = [
    first + second for first in map("".join, product("bdkmnprst", "aeiou")) for second in ("lan", "mer", "nis", "por")
]
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
    """Fill an empty file, in transactions of a thousand tasks."""
    chance = random.Random(tasks)
    app.writer.submit(lambda: app.services.boards.create_board("Bench"), caller=Caller("seed")).result()
    made: list[int] = []
    for start in range(0, tasks, CHUNK):
        number = min(CHUNK, tasks - start)
        app.writer.submit(partial(_chunk, app, number, made, chance), caller=Caller("seed")).result()


def _chunk(app: App, number: int, made: list[int], chance: random.Random) -> None:
    for _ in range(number):
        unique = f" unique{len(made)}" if len(made) < 100 else ""
        task = app.services.tasks.create_task(
            title=_words(chance, 4) + unique,
            description=_words(chance, 25),
            status=chance.choice(COLUMNS),
            priority=chance.randrange(11),
            depends_on=[chance.choice(made[-50:])] if made and len(made) % 2 else None,
            tags=[chance.choice(("red", "green", "blue"))] if len(made) % 10 == 0 else None,
        )
        made.append(task.id)
        if len(made) % 10 == 5:
            app.services.notes.add_note(task.id, _words(chance, 15))


def _words(chance: random.Random, count: int) -> str:
    """Words with the spread of a language: few are common, most are rare."""
    return " ".join(WORDS[min(int(chance.paretovariate(0.7)), len(WORDS)) - 1] for _ in range(count))
