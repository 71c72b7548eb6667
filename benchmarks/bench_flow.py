"""Are flow figures of a large board worth asking for? Held against one scan: the board's log read once, row by row."""

import gc
from collections.abc import Callable
from functools import partial

from benchmarks.history import lived
from benchmarks.report import Figure, full, in_turns
from kanban_mcp.app import App

ROUNDS = 3
WHOLE = "2000-01-01"


def measure() -> list[Figure]:
    """All works in turns, over 200 days and ten entries a task; garbage is collected as in a server."""
    tasks = 100_000 if full() else 10_000
    with lived(tasks) as app:
        gc.freeze()
        measuring, forecasting = app.services.measuring, app.services.forecasting
        works: list[Callable[[], object]] = [
            partial(_scan, app),
            _reading(app, lambda: measuring.get_flow_metrics(1)),
            _reading(app, lambda: forecasting.forecast(1)),
            _reading(app, lambda: measuring.get_flow_metrics(1, WHOLE)),
        ]
        scan, recent, ahead, whole = in_turns(works, ROUNDS)
        entries = _scan(app)
        gc.unfreeze()
    return [
        _figure(
            tasks, "flow metrics of 30 days", recent, scan, f", one scan of {entries} entries {scan:.2f} s", bar=2.0
        ),
        _figure(tasks, "forecast from 30 days", ahead, scan, bar=2.0),
        _figure(tasks, "flow metrics of its whole past", whole, scan),
    ]


def _figure(tasks: int, what: str, seconds: float, scan: float, more: str = "", *, bar: float | None = None) -> Figure:
    return Figure(
        f"{what}, {tasks} tasks / one scan", seconds / scan, "times", bar, "at most", f"{seconds:.2f} s{more}"
    )


def _reading(app: App, work: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        with app.database.reading():
            work()

    return run


def _scan(app: App) -> int:
    with app.database.reading():
        rows = app.database.transaction.connection.execute("select * from changes where board_id = 1 order by seq")
        return sum(1 for _ in rows)
