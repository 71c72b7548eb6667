"""Is a real call over stdio faster than an empty one of the SDK's own server? And is the start as quick and small?"""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.raw_client import EMPTY, STOCK, RawClient, ours
from benchmarks.report import Figure, in_turns

CALLS = 300
ROUNDS = 8
WATCHED_CALLS, WATCHED_ROUNDS = 200, 100
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
    watching = _watching(kanban, bare)
    memory = kanban.resident() / stock.resident()
    detail = f"{CALLS / own:.0f} against {CALLS / theirs:.0f} calls/s"
    megabytes = f"{kanban.resident() / 1e6:.0f} MB"
    for client in (kanban, stock, bare):
        client.close()
    return [
        Figure("get_task / empty tool of this same server", body / own, "times", 0.85, "at least"),
        watching,
        Figure("get_task over stdio / empty tool of a stock server", theirs / own, "times", 1.5, "at least", detail),
        Figure("resident memory / stock server", memory, "times", 1.5, "at most", megabytes),
    ]


def _watching(watched: RawClient, bare: RawClient) -> Figure:
    """What monitors cost, by the processor time of a server with them and of one without: the machine is not quiet."""
    spent = {watched: 0.0, bare: 0.0}
    for _ in range(WATCHED_ROUNDS):
        for client in spent:
            before = client.busy()
            for _ in range(WATCHED_CALLS):
                client.call("get_task", task_id=1)
            spent[client] += client.busy() - before
    calls = WATCHED_ROUNDS * WATCHED_CALLS
    detail = f"{spent[watched] / calls * 1e6:.1f} and {spent[bare] / calls * 1e6:.1f} us of processor time a call"
    ratio = spent[bare] / spent[watched]
    return Figure("get_task with monitors / without", ratio, "times", 0.97, "at least", detail)


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
