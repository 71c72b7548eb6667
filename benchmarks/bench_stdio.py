"""Is a real call over stdio, one at a time, faster than an empty one of the SDK's own server?"""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.raw_client import EMPTY, STOCK, RawClient, ours
from benchmarks.report import Figure, in_turns

CALLS = 300
ROUNDS = 8


def measure() -> list[Figure]:
    """Calls a second, as ratios."""
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        return _calls(db)


def _calls(db: Path) -> list[Figure]:
    kanban, stock = RawClient(ours(db)), RawClient(STOCK)
    kanban.call("create_board", name="Bench")
    kanban.call("create_task", title="A task", description="x" * 200, acceptance=["first", "second"], tags=["a"])

    def get_task() -> None:
        for _ in range(CALLS):
            kanban.call("get_task", task_id=1)

    def empty() -> None:
        for _ in range(CALLS):
            stock.call("empty")

    bare = RawClient([*EMPTY, str(db)])

    def empty_here() -> None:
        for _ in range(CALLS):
            bare.call("empty")

    own, theirs, body = in_turns([get_task, empty, empty_here], ROUNDS)
    detail = f"{CALLS / own:.0f} against {CALLS / theirs:.0f} calls/s"
    for client in (kanban, stock, bare):
        client.close()
    return [
        Figure("get_task / empty tool of this same server", body / own, "times", 0.85, "at least"),
        Figure("get_task over stdio / empty tool of a stock server", theirs / own, "times", 1.5, "at least", detail),
    ]
