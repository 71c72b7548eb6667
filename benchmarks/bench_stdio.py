"""Is a real call over stdio faster than an empty one of the SDK's own server? And is the start as quick and small?"""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.raw_client import EMPTY, STOCK, RawClient, ours
from benchmarks.report import Figure, in_turns

CALLS = 300
ROUNDS = 8
STARTS = 10


def measure() -> list[Figure]:
    """Calls a second, start and memory, as ratios."""
    with TemporaryDirectory() as folder:
        db = Path(folder) / "bench.db"
        return [*_calls(db), *_starts(db)]


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
    memory = kanban.resident() / stock.resident()
    detail = f"{CALLS / own:.0f} against {CALLS / theirs:.0f} calls/s"
    megabytes = f"{kanban.resident() / 1e6:.0f} MB"
    for client in (kanban, stock, bare):
        client.close()
    return [
        Figure("get_task / empty tool of this same server", body / own, "times", 0.85, "at least"),
        Figure("get_task over stdio / empty tool of a stock server", theirs / own, "times", 1.5, "at least", detail),
        Figure("resident memory / stock server", memory, "times", 1.5, "at most", megabytes),
    ]


def _starts(db: Path) -> list[Figure]:
    own: list[float] = []
    theirs: list[float] = []
    for _ in range(STARTS):
        for command, seconds in ((ours(db), own), (STOCK, theirs)):
            client = RawClient(command)
            seconds.append(client.started)
            client.close()
    ratio = median(own) / median(theirs)
    detail = f"{median(own) * 1000:.0f} against {median(theirs) * 1000:.0f} ms"
    return [Figure("start to tools/list / stock server", ratio, "times", 1.15, "at most", detail)]
