"""The writer thread, the gate, the connections and the schema."""

import ast
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import kanban_mcp
from kanban_mcp.app import App
from kanban_mcp.errors import Busy, KanbanError, ReadOnly, Unusable
from kanban_mcp.models.caller import Caller
from kanban_mcp.progress import heard_by, report
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.gate import Gate
from kanban_mcp.store.ownership import APPLICATION_ID, SCHEMA_VERSION
from kanban_mcp.store.schema import migrations
from kanban_mcp.store.writer import Writer
from tests.conftest import Call

PACKAGE = Path(kanban_mcp.__file__).parent


class Blocker:
    """A job that keeps the writer until it is let go, so that what comes after forms one group."""

    def __init__(self, writer: Writer) -> None:
        self._go = threading.Event()
        self.started = threading.Event()
        self.answer: Future[None] = writer.submit(self._wait, caller=Caller("blocker"))
        assert self.started.wait(30)

    def _wait(self) -> None:
        self.started.set()
        assert self._go.wait(30)

    def release(self) -> None:
        """Let the writer go on."""
        self._go.set()
        self.answer.result(30)


def fail() -> None:
    """A job that fails."""
    raise ValueError("this one only")


def test_one_failing_job_does_not_undo_the_others_of_its_group(app: App) -> None:
    sizes: list[tuple[int, int]] = []
    app.writer.on_group = lambda sample: sizes.append((sample.size, sample.failed))
    blocker = Blocker(app.writer)
    jobs: list[Future[Any]] = [
        app.writer.submit(lambda: app.services.boards.create_board("first"), caller=Caller("a")),
        app.writer.submit(fail, caller=Caller("b")),
        app.writer.submit(lambda: app.services.boards.create_board("second"), caller=Caller("c")),
    ]
    blocker.release()
    assert jobs[0].result(30).id == 1
    with pytest.raises(ValueError, match="this one only"):
        jobs[1].result(30)
    assert jobs[2].result(30).id == 2
    assert sizes == [(1, 0), (3, 1)]


def test_what_a_failing_job_wrote_is_undone(app: App) -> None:
    def half() -> None:
        app.services.boards.create_board("half done")
        raise ValueError("in the middle")

    blocker = Blocker(app.writer)
    jobs = [app.writer.submit(half, caller=Caller("a")), app.writer.submit(half, caller=Caller("a"))]
    blocker.release()
    assert all(isinstance(job.exception(10), ValueError) for job in jobs)
    with app.database.reading():
        assert app.services.boards.list_boards().rows == []


def test_others_of_a_group_stay_when_one_fails_half_way(app: App) -> None:
    def half() -> None:
        app.services.boards.create_board("half done")
        raise ValueError("in the middle")

    commits: list[None] = []
    app.writer.on_commit = lambda: commits.append(None)
    blocker = Blocker(app.writer)
    jobs: list[Future[Any]] = [
        app.writer.submit(lambda: app.services.boards.create_board("first"), caller=Caller("a")),
        app.writer.submit(half, caller=Caller("b")),
        app.writer.submit(lambda: app.services.boards.create_board("last"), caller=Caller("c")),
    ]
    blocker.release()
    assert [jobs[0].result(30).name, jobs[2].result(30).name] == ["first", "last"]
    assert isinstance(jobs[1].exception(10), ValueError)
    assert names(app) == ["first", "last"]
    assert len(commits) == 2


def test_what_was_done_before_sqlite_gave_up_the_whole_transaction_is_done_again(app: App) -> None:
    """As on some failures of the disk: not the statement alone is undone."""

    def give_up() -> None:
        app.database.run("test", "insert or rollback into boards select * from boards")

    blocker = Blocker(app.writer)
    jobs: list[Future[Any]] = [
        app.writer.submit(lambda: app.services.boards.create_board("first"), caller=Caller("a")),
        app.writer.submit(give_up, caller=Caller("b")),
        app.writer.submit(lambda: app.services.boards.create_board("second"), caller=Caller("c")),
    ]
    blocker.release()
    assert isinstance(jobs[1].exception(10), sqlite3.IntegrityError)
    assert [jobs[0].result(30).name, jobs[2].result(30).name] == ["first", "second"]
    with app.database.reading():
        assert [row[1] for row in app.services.boards.list_boards().rows] == ["first", "second"]


def test_a_job_cancelled_before_its_turn_is_not_run(app: App) -> None:
    blocker = Blocker(app.writer)
    job = app.writer.submit(lambda: app.services.boards.create_board("never"), caller=Caller("a"))
    assert job.cancel()
    blocker.release()
    app.writer.submit(lambda: None, caller=Caller("a")).result(30)
    with app.database.reading():
        assert app.services.boards.list_boards().rows == []


def names(app: App) -> list[str]:
    """The names of all boards."""
    with app.database.reading():
        return [row["name"] for row in app.database.all("test", "select name from boards order by id")]


def test_a_job_cancelled_while_it_runs_is_undone_and_the_others_of_its_group_stay(app: App) -> None:
    blocker = Blocker(app.writer)
    begun, cancelled = threading.Event(), threading.Event()

    def slow() -> None:
        app.services.boards.create_board("slow")
        begun.set()
        assert cancelled.wait(30)

    jobs: list[Future[Any]] = [
        app.writer.submit(lambda: app.services.boards.create_board("first"), caller=Caller("a")),
        app.writer.submit(slow, caller=Caller("b")),
        app.writer.submit(lambda: app.services.boards.create_board("last"), caller=Caller("c")),
    ]
    blocker.release()
    assert begun.wait(30)
    assert not jobs[1].cancel()
    cancelled.set()
    jobs[2].result(30)
    assert names(app) == ["first", "last"]
    assert jobs[1].exception(10) is not None


def test_a_job_cancelled_after_it_ran_and_before_the_commit_is_undone(app: App) -> None:
    blocker = Blocker(app.writer)
    first = app.writer.submit(lambda: app.services.boards.create_board("first"), caller=Caller("a"))

    def last() -> None:
        first.cancel()
        app.services.boards.create_board("last")

    second = app.writer.submit(last, caller=Caller("b"))
    blocker.release()
    second.result(30)
    assert names(app) == ["last"]


def test_a_job_cancelled_after_its_commit_stays_and_is_answered(app: App) -> None:
    blocker = Blocker(app.writer)
    job = app.writer.submit(lambda: app.services.boards.create_board("first"), caller=Caller("a"))

    def commits() -> None:
        if job.running():
            assert not job.cancel()

    app.writer.on_commit = commits
    blocker.release()
    assert job.result(30).name == "first"
    assert names(app) == ["first"]


def test_a_cancelled_job_stops_where_it_reports_progress(app: App) -> None:
    reached: list[int] = []
    tickets: list[Future[None]] = []
    blocker = Blocker(app.writer)

    def slow() -> None:
        for number in range(5):
            reached.append(number)
            if number == 2:
                tickets[0].cancel()
            report(number + 1, 5)

    tickets.append(app.writer.submit(slow, caller=Caller("a")))
    blocker.release()
    assert tickets[0].exception(10) is not None
    assert reached == [0, 1, 2]


def test_what_a_job_reports_is_heard_where_it_was_submitted(app: App) -> None:
    heard: list[tuple[int, int]] = []
    with heard_by(lambda done, total: heard.append((done, total))):
        job = app.writer.submit(lambda: report(1, 2), caller=Caller("a"))
    report(2, 2)
    job.result(30)
    assert heard == [(1, 2)]


def test_commits_are_told_after_they_happened(app: App) -> None:
    seen: list[int] = []

    def look() -> None:
        with app.database.inspecting():
            seen.append(app.database.value("test", "select count(*) from boards"))

    app.writer.on_commit = look
    app.writer.submit(lambda: app.services.boards.create_board("x"), caller=Caller("a")).result(30)
    assert seen == [1]


def test_stopping_finishes_what_was_queued_and_takes_no_more(app: App) -> None:
    writer = Writer(app.database)
    blocker = Blocker(writer)
    jobs = [writer.submit(lambda number=number: number, caller=Caller("a")) for number in range(50)]  # type: ignore[misc]
    threading.Timer(0, blocker.release).start()
    assert writer.stop(10)
    assert [job.result(0) for job in jobs] == list(range(50))
    with pytest.raises(Busy):
        writer.submit(fail, caller=Caller("a"))


def test_more_writes_than_may_wait_are_refused_as_busy(app: App) -> None:
    writer = Writer(app.database, waiting=2)
    blocker = Blocker(writer)
    for _ in range(2):
        writer.submit(lambda: None, caller=Caller("a"))
    with pytest.raises(Busy, match="Too many writes"):
        writer.submit(lambda: None, caller=Caller("a"))
    blocker.release()
    assert writer.stop(10)


def test_the_gate_holds_between_threads_of_a_process(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "lock", timeout=5)
    with gate.held(), pytest.raises(Busy), gate.held(0.05):
        pass
    with gate.held(0):
        pass
    gate.close()


def test_the_gate_holds_between_processes_and_falls_with_its_holder(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from kanban_mcp.store.gate import Gate\n"
        "with Gate(Path(sys.argv[1]), timeout=5).held():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        gate = Gate(tmp_path / "lock", timeout=0.05)
        with pytest.raises(Busy), gate.held():
            pass
        holder.kill()
        holder.wait()
        with gate.held(5):
            pass
        gate.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("cache_size", -64000),
        ("temp_store", 2),
        ("mmap_size", 268435456),
        ("trusted_schema", 0),
        ("query_only", 1),
        ("busy_timeout", 30000),
    ],
)
def test_connections_are_tuned(app: App, pragma: str, value: str | int) -> None:
    with app.database.reading():
        assert app.database.value("test", f"pragma {pragma}") == value


def test_readers_are_opened_when_they_are_needed_and_no_more_than_asked(app: App, tmp_path: Path) -> None:
    database = Database(tmp_path / "other.db", replace(app.database.options, readers=3, busy_timeout=30))
    together, go = threading.Barrier(4), threading.Event()

    def read(meeting: bool) -> None:
        with database.reading():
            if meeting:
                together.wait(30)
                go.wait(30)

    held = [threading.Thread(target=read, args=(True,)) for _ in range(3)]
    for each in held:
        each.start()
    together.wait(30)
    assert database.connections == 4
    waiting = [threading.Thread(target=read, args=(False,)) for _ in range(5)]
    for each in waiting:
        each.start()
    assert all(each.is_alive() for each in waiting)
    go.set()
    for each in (*held, *waiting):
        each.join(30)
    assert database.connections == 4
    database.close()


@pytest.mark.parametrize(("durability", "number"), [("normal", 1), ("full", 2)])
def test_the_writer_is_as_durable_as_asked(app: App, tmp_path: Path, durability: Any, number: int) -> None:
    database = Database(tmp_path / "other.db", replace(app.database.options, durability=durability))
    with database.writing(), database.acting(Caller("a")):
        assert database.value("test", "pragma synchronous") == number
        assert database.value("test", "pragma wal_autocheckpoint") == 0
    database.close()


def test_a_reading_transaction_cannot_write(app: App) -> None:
    with pytest.raises(KanbanError) as caught, app.database.reading():
        app.database.run("test", "delete from boards")
    assert isinstance(caught.value, ReadOnly)


def test_statements_outside_of_a_transaction_are_a_mistake(app: App) -> None:
    with pytest.raises(RuntimeError, match="no transaction"):
        app.services.boards.list_boards()


def test_a_new_file_has_the_schema_and_says_whose_it_is(app: App) -> None:
    with app.database.reading():
        assert app.database.value("test", "pragma user_version") == SCHEMA_VERSION == len(migrations._migrations)
        assert app.database.value("test", "pragma application_id") == APPLICATION_ID
        strict = app.database.all(
            "test",
            "select name from pragma_table_list where type = 'table' and strict = 0 and name not like 'sqlite%' "
            "and name not like '%fts%' and name not like '\\_%' escape '\\'",
        )
    assert [row["name"] for row in strict] == []


def test_opening_again_changes_no_schema(app: App, db: Path) -> None:
    with app.database.reading():
        before = app.database.value("test", "select count(*) from _sqlite_migrations")
    Database(db).close()
    with app.database.reading():
        assert app.database.value("test", "select count(*) from _sqlite_migrations") == before


async def test_a_file_upgraded_while_we_run_takes_no_writes_of_ours(app: App, call: Call, db: Path) -> None:
    await call("create_board", name="Alpha")
    app.writer.submit(
        lambda: app.database.run("test", f"pragma user_version = {SCHEMA_VERSION + 1}"), caller=Caller("newer")
    ).result(30)
    with pytest.raises(ReadOnly, match="newer program"):
        await call("create_task", title="x")
    assert (await call("get_board"))["name"] == "Alpha"
    with pytest.raises(Unusable, match="schema"):
        Database(db)


def test_only_one_module_opens_the_database() -> None:
    """Closing any handle on the file, from anywhere, drops all locks that this process holds."""
    connects: list[str] = []
    engines: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "connect":
                connects.append(path.relative_to(PACKAGE).as_posix())
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if {name.split(".")[0] for name in names} & {"sqlite3", "pysqlite3", "sqlite_utils", "apsw"}:
                engines.append(path.relative_to(PACKAGE).as_posix())
    # What is laid open for the doctor is the only handle of its process; a blueprint is in memory.
    assert set(connects) == {"store/database.py", "store/bench.py", "store/blueprint.py"}
    assert sorted(set(engines)) == ["store/engine.py", "store/schema.py"]


def test_a_handle_closed_behind_our_back_loses_the_lock(app: App, db: Path) -> None:
    """Why the rule above is kept: if this ever stops being so, the rule may go."""
    probe = (
        "import sys; from kanban_mcp.store.engine import sqlite3\n"
        "c = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)\n"
        "c.execute('begin immediate'); print('got it')"
    )

    def taken_by_another() -> bool:
        return (
            b"got it" in subprocess.run([sys.executable, "-c", probe, str(db)], capture_output=True, check=False).stdout
        )

    with app.database.writing():
        assert not taken_by_another()
        db.with_name(db.name + "-shm").open("rb").close()
        assert taken_by_another()


def test_the_product_works_on_the_interpreters_own_sqlite(tmp_path: Path) -> None:
    script = """
import sys
sys.modules["pysqlite3"] = None
import sqlite3, anyio
from pathlib import Path
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings
from kanban_mcp.store import engine

async def main():
    with open_app(Settings(db=Path(sys.argv[1]), toolsets=("all",))) as app:
        async def do(name, /, **arguments):
            return await app.runner.call(name, arguments, actor="ann")
        await do("create_board", name="Alpha")
        await do("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}])
        await do("claim_next")
        print((await do("complete_task", task_id=1))["unblocked"], len((await do("search", query="b"))["rows"]))
        print((await do("get_health", check=True)).get("problems", []))

assert engine.sqlite3 is sqlite3
anyio.run(main)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "own.db")], capture_output=True, text=True, check=False
    )
    assert ran.stdout == "[2] 1\n[]\n", ran.stderr


def test_files_are_their_owners_alone(app: App, db: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        assert db.with_name(db.name + suffix).stat().st_mode & 0o077 == 0, suffix
    assert sqlite3.sqlite_version
