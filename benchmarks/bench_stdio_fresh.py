"""Is get_task over stdio still faster than an empty call of a stock server when its answer was not kept?"""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.raw_client import STOCK, RawClient, ours
from benchmarks.report import Figure, in_turns
from benchmarks.workload import seed
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

TASKS = 3_000
CALLS = 250
ROUNDS = 12


def measure() -> list[Figure]:
    """Each call asks for another task, of three times as many as are kept."""
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        with open_app(Settings(db=db)) as app:
            seed(app, TASKS)
        return _calls(RawClient(ours(db)), RawClient(STOCK))


def _calls(kanban: RawClient, stock: RawClient) -> list[Figure]:
    asked = 0

    def get_task() -> None:
        nonlocal asked
        for _ in range(CALLS):
            kanban.call("get_task", task_id=1 + asked % TASKS)
            asked += 1

    def empty() -> None:
        for _ in range(CALLS):
            stock.call("empty")

    before = kanban.busy(), stock.busy()
    own, theirs = in_turns([get_task, empty], ROUNDS)
    spent, theirs_spent = kanban.busy() - before[0], stock.busy() - before[1]
    kanban.close()
    stock.close()
    detail = f"{CALLS / own:.0f} against {CALLS / theirs:.0f} calls/s"
    cost = f"{spent / CALLS / ROUNDS * 1e6:.0f} against {theirs_spent / CALLS / ROUNDS * 1e6:.0f} us"
    return [
        Figure("get_task not kept / empty tool of a stock server", theirs / own, "times", 1.5, "at least", detail),
        Figure("the same by CPU time of the servers", theirs_spent / spent, "times", 1.5, "at least", cost),
    ]
