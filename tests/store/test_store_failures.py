"""When a watcher fails, the disk is full or others hold the gate: clear answers, nothing half done, and on it goes."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import Busy
from kanban_mcp.models.caller import Caller
from kanban_mcp.store.checkpointer import COMMITS, Checkpointer
from kanban_mcp.store.database import Database, DatabaseOptions
from kanban_mcp.store.writer import GroupSample, Writer
from tests.conftest import Call


@pytest.mark.parametrize("watcher", ["on_commit", "on_group"])
async def test_a_watcher_that_fails_takes_no_answer_with_it(
    app: App, call: Call, caplog: pytest.LogCaptureFixture, watcher: str
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("a watcher is out of order")

    setattr(app.writer, watcher, fail)
    with anyio.fail_after(30):
        assert (await call("create_board", name="Alpha"))["id"] == 1
        assert (await call("create_board", name="Beta"))["id"] == 2
    assert "a watcher of the writer failed" in [record.message for record in caplog.records]


def test_an_answer_comes_after_the_commit(app: App) -> None:
    """Who is told looks at once, from the thread that tells, through a connection of its own."""
    seen: list[int] = []

    def look(_: "Future[Any]") -> None:
        with app.database.inspecting():
            seen.append(app.database.value("test", "select count(*) from boards"))

    job = app.writer.submit(lambda: app.services.boards.create_board("x"), caller=Caller("a"))
    job.add_done_callback(look)
    app.writer.submit(lambda: None, caller=Caller("a")).result(30)
    assert seen == [1]


async def test_every_write_takes_the_lock_before_it_reads(app: App, call: Call) -> None:
    """One that reads first and then writes is refused at once when another process wrote in between."""
    ran: list[str] = []
    with app.database.writing() as connection:
        connection.set_trace_callback(ran.append)
    await call("create_board", name="Alpha")
    await call("create_task", title="x", idempotency_key="k")
    await call("run_batch", calls=[{"operation": "claim_next"}], dry_run=True)
    begun = [sql.lower() for sql in ran if sql.lower().startswith("begin")]
    assert begun == ["begin immediate"] * 3
    assert "commit" in [sql.lower() for sql in ran]


HOLD = """
import sys
from pathlib import Path
from kanban_mcp.store.gate import Gate
with Gate(Path(sys.argv[1]), timeout=5).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def held_elsewhere(db: Path) -> Iterator[None]:
    """Another process has the gate of a file."""
    arguments = [sys.executable, "-c", HOLD, f"{db}.lock"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.kill()


def test_of_a_group_that_cannot_begin_nobody_waits_a_second_time(db: Path) -> None:
    database = Database(db, DatabaseOptions(busy_timeout=0.3))
    writer, groups = Writer(database), list[GroupSample]()
    writer.on_group = groups.append
    with held_elsewhere(db):
        jobs = [writer.submit(lambda: None, caller=Caller("a")) for _ in range(40)]
        assert all(isinstance(job.exception(30), Busy) for job in jobs)
    assert writer.submit(lambda: "again", caller=Caller("a")).result(30) == "again"
    assert writer.stop()
    database.close()
    assert sum(group.size for group in groups) == 41
    assert max(group.seconds for group in groups) < 0.3 * 10


def test_a_reader_that_rests_does_not_keep_the_log_from_being_tried_to_empty(db: Path) -> None:
    """Writers wait at the gate meanwhile, so it must not wait for readers as long as a statement may."""
    database = Database(db, DatabaseOptions(busy_timeout=3600))
    with ThreadPoolExecutor() as pool, database.reading():
        assert database.value("test", "select count(*) from tasks") == 0
        with database.writing() as connection:
            connection.execute("insert into boards (name, created_at, updated_at) values ('A', '', '')")
        pool.submit(database.empty_log).result(60)
        assert database.place.log_bytes() > 0
    database.empty_log()
    assert database.place.log_bytes() == 0
    database.close()


def test_a_log_written_back_while_nobody_writes_begins_anew(db: Path) -> None:
    database = Database(db)

    def commit() -> None:
        with database.writing() as connection:
            connection.execute("update sqlite_sequence set seq = seq + 1")
            connection.execute("insert or ignore into sqlite_sequence values ('test', 1)")

    for _ in range(50):
        commit()
    before = database.write_back(alone=True)
    commit()
    assert database.write_back() < before
    database.close()


class Faltering(Database):
    """A database whose log cannot be written back the first time, as when the disk is full."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.tries = 0
        self.tried = threading.Semaphore(0)

    def write_back(self, *, alone: bool = False) -> int:
        self.tries += 1
        self.tried.release()
        if self.tries == 1:
            raise Busy("The disk is full.")
        return super().write_back(alone=alone)


def test_a_log_that_could_not_be_written_back_is_tried_again(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Faltering(db)
    checkpointer = Checkpointer(database)
    for _ in range(2):
        for _ in range(COMMITS):
            checkpointer.committed()
        assert database.tried.acquire(timeout=30)
    checkpointer.close()
    database.close()
    assert [record.getMessage() for record in caplog.records] == ["the log was not written back: The disk is full."]


ON_A_FULL_DISK = """
import asyncio, json, resource, signal, sys
from pathlib import Path
from kanban_mcp.app import open_app
from kanban_mcp.errors import KanbanError
from kanban_mcp.settings import Settings

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
TEXT = "words and words " * 300


async def main(db: Path) -> None:
    with open_app(Settings(db=db, toolsets=("all",))) as app:

        async def do(operation, /, **arguments):
            try:
                return await app.runner.call(operation, arguments, actor="ann")
            except KanbanError as error:
                return error.as_dict()

        await do("create_board", name="Alpha")
        kept = await do("create_tasks", tasks=[{"title": "kept", "description": TEXT}] * 50)
        app.database.empty_log()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (db.stat().st_size, hard))
        made = [await do("create_task", title="one", description=TEXT) for _ in range(30)]
        group = await asyncio.gather(*(do("create_task", title="many", description=TEXT) for _ in range(30)))
        errors = [answer for answer in (*made, *group) if "code" in answer]
        there = [row[0] for row in (await do("list_tasks", limit=100))["rows"]]
        try:
            app.database.write_back()
            written_back = "yes"
        except KanbanError as error:
            written_back = error.code
        full = {
            "codes": sorted({error["code"] for error in errors}),
            "messages": sorted({error["message"] for error in errors}),
            "acknowledged": [answer["id"] for answer in (*made, *group) if "id" in answer],
            "there": there[50:],
            "written_back": written_back,
            "problems": (await do("get_health", check=True)).get("problems", []),
        }
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        after = await do("create_task", title="after", description=TEXT)
        app.database.write_back()
        health = await do("get_health", check=True)
        print(json.dumps({**full, "after": after["title"], "problems_after": health.get("problems", [])}))


asyncio.run(main(Path(sys.argv[1])))
"""


def test_on_a_full_disk_writes_are_refused_reads_go_on_and_all_is_well_when_there_is_space_again(db: Path) -> None:
    arguments = [sys.executable, "-c", ON_A_FULL_DISK, str(db)]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["codes"] == ["busy"]
    assert seen["messages"] == ["The disk did not take the write; nothing was changed."]
    assert 0 < len(seen["acknowledged"]) < 60
    assert sorted(seen["there"]) == sorted(seen["acknowledged"])
    assert (seen["written_back"], seen["problems"]) == ("busy", [])
    assert (seen["after"], seen["problems_after"]) == ("after", [])
