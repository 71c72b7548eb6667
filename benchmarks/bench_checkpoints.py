"""Does a write wait for the log to be written back? Held against SQLite's own checkpoints, inside of commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.report import Figure, full
from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings

CALLER = Caller("bench")
ROUND = 500
CONTENT = "x" * 1000
MOST_MEGABYTES = 64
"""Above this `get_health` warns; one above 16 is emptied as soon as the checkpointer gets to it."""


def measure() -> list[Figure]:
    """The tail of writes one after the other, in turns; and how large the log gets."""
    with _opened() as beside, _opened() as inside:
        inside.writer.on_commit = inside.feed.committed
        inside.writer.submit(
            lambda: inside.database.run("bench", "pragma wal_autocheckpoint = 1000"), caller=CALLER
        ).result()
        writes = _Writes(beside), _Writes(inside)
        for _ in range(40 if full() else 6):
            for each in writes:
                each.run()
    own, sqlites = (each.tail for each in writes)
    return [
        Figure("written back beside the writer: p99.9 of a write", own, "ms", detail=writes[0].detail),
        Figure("written back in commits: p99.9 of a write", sqlites, "ms", detail=writes[1].detail),
        Figure("p99.9 in commits / beside the writer", sqlites / own, "times"),
        Figure("largest log, written back beside the writer", writes[0].largest, "MB", MOST_MEGABYTES),
        Figure("largest log, written back in commits", writes[1].largest, "MB"),
    ]


class _Writes:
    """Adds notes to a task of an app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seconds: list[float] = []
        self.largest = 0.0

    def run(self) -> None:
        """Some hundred more."""
        for _ in range(ROUND):
            began = perf_counter()
            self._app.writer.submit(lambda: self._app.services.notes.add_note(1, CONTENT), caller=CALLER).result()
            self._seconds.append(perf_counter() - began)
        self.largest = max(self.largest, self._app.database.place.log_bytes() / 2**20)

    @property
    def tail(self) -> float:
        """Milliseconds at the thousandth from the top."""
        return quantiles(self._seconds, n=1000)[998] * 1000

    @property
    def detail(self) -> str:
        """The rest of the tail."""
        hundredths = quantiles(self._seconds, n=100)
        worst = max(self._seconds) * 1000
        return f"p50 {hundredths[49] * 1000:.2f}, p99 {hundredths[98] * 1000:.2f}, max {worst:.1f} ms"


@contextmanager
def _opened() -> Iterator[App]:
    """An app over a file with a board and a task."""
    with TemporaryDirectory() as folder, open_app(Settings(db=Path(folder) / "bench.db")) as app:
        app.writer.submit(lambda: app.services.boards.create_board("Bench"), caller=CALLER).result()
        app.writer.submit(lambda: app.services.tasks.create_task("noted"), caller=CALLER).result()
        yield app
