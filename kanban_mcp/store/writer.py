"""Group commit: one thread that writes, and commits whatever queued while the last commit ran."""

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from kanban_mcp.errors import Busy
from kanban_mcp.models.caller import Caller
from kanban_mcp.progress import heard_by
from kanban_mcp.store.database import Database
from kanban_mcp.store.engine import sqlite3
from kanban_mcp.store.faults import translated
from kanban_mcp.store.landing import Landing

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class _Ticket(Future[_T]):
    """The answer to come. Cancelling it withdraws a job that has begun too, until its commit is about to be made."""

    def __init__(self) -> None:
        super().__init__()
        self.withdrawn = False
        self._sealed = False
        self._turn = threading.Lock()

    def cancel(self) -> bool:
        """Drop the job, or have it undone; True if it had not begun."""
        if super().cancel():
            return True
        with self._turn:
            self.withdrawn = not self._sealed and not self.done()
        return False

    def seal(self) -> bool:
        """Let nobody withdraw the job from now on; False if someone has."""
        with self._turn:
            self._sealed = not self.withdrawn
        return self._sealed

    def unseal(self) -> None:
        """The commit was not made after all."""
        with self._turn:
            self._sealed = False

    def check(self, *progress: int) -> None:
        """Raise if the job was withdrawn."""
        if self.withdrawn:
            raise _Withdrawn


@dataclass(slots=True)
class _Job:
    """Something to run in its caller's context, so that what it reports is heard where the call came from."""

    run: Callable[[], Any]
    caller: Caller
    landing: Landing | None
    answer: "_Ticket[Any]" = field(default_factory=_Ticket)
    queued_at: float = field(default_factory=time.perf_counter)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    def carried_out(self) -> Any:
        """What it answers. Raises _Withdrawn as soon as it is cancelled and reports progress, or at its end."""
        self.answer.check()
        with heard_by(self.answer.check):
            result = self.run()
        self.answer.check()
        return result


class _Outcome(NamedTuple):
    result: Any = None
    error: BaseException | None = None


class GroupSample(NamedTuple):
    """One commit: how many writes it held, how many of them failed alone, how long the first had queued and it took."""

    size: int
    failed: int
    waited: float
    seconds: float


class _Withdrawn(Exception):
    """The caller wants it undone."""


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself, as it does on a full disk."""


class _HalfDone(Exception):
    """A job failed after it had written something."""


class Writer:
    """Runs jobs one after the other, several to a transaction.

    Each job is atomic by itself: one that raises is undone and the others of its group stay. Most that raise have
    written nothing; where one had, its group is run again, each job in a savepoint. An answer is given
    only after the commit. `on_commit` is called after each commit and
    `on_group` told of each group, on the writer thread.

    A job whose future is cancelled before its commit is undone, also when it has run.
    """

    on_commit: Callable[[], None] | None = None
    on_group: Callable[[GroupSample], None] | None = None

    def __init__(self, database: Database, *, batch: int = 100, window: float = 0.0, waiting: int = 10_000) -> None:
        self._database = database
        self._batch = batch
        self._window = window
        self._most = waiting
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, name="kanban-writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[], _T], *, caller: Caller, landing: Landing | None = None) -> "Future[_T]":
        """Queue a job. Cancelling the future withdraws it, unless it is committed. Raises Busy when too many wait.

        `landing` is woken when all of its group are answered.
        """
        if self._stopped:
            raise Busy("The server is shutting down.", hint="Start it again and repeat the call.")
        # A bounded queue would take locks for every job; threads that ask in the same moment may pass it by one each.
        if self._queue.qsize() >= self._most:
            raise Busy("Too many writes are waiting.", hint="Try again in a moment.")
        job = _Job(run, caller, landing)
        self._queue.put(job)
        return job.answer

    @property
    def waiting(self) -> int:
        """How many writes queue now."""
        return self._queue.qsize()

    def stop(self, seconds: float = 1.0) -> bool:
        """Finish what is queued, then end; whether that was done in time. What was not is not acknowledged either."""
        self._stopped = True
        self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            jobs, last = self._gather(first)
            running = [job for job in jobs if job.answer.set_running_or_notify_cancel()]
            if running:
                self._settle(running)
            if last:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """The next group, and whether the end was asked for."""
        jobs = [first]
        while len(jobs) < self._batch:
            try:
                job = self._queue.get(timeout=self._window) if self._window else self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _settle(self, jobs: list[_Job]) -> None:
        started = time.perf_counter()
        outcomes = self._commit(jobs)
        failed = sum(outcome.error is not None for outcome in outcomes)
        sample = GroupSample(len(jobs), failed, started - jobs[0].queued_at, time.perf_counter() - started)
        try:
            self._tell(sample)
        except Exception:
            # What was committed is committed, and the next jobs wait for this thread.
            log.exception("a watcher of the writer failed")
        for job, outcome in zip(jobs, outcomes, strict=True):
            if outcome.error is None:
                job.answer.set_result(outcome.result)
            else:
                job.answer.set_exception(outcome.error)
        for landing in {job.landing for job in jobs if job.landing is not None}:
            landing.wake()

    def _tell(self, sample: GroupSample) -> None:
        if self.on_group is not None:
            self.on_group(sample)
        if self.on_commit is not None and sample.failed < sample.size:
            self.on_commit()

    def _commit(self, jobs: list[_Job], *, apart: bool = False) -> list[_Outcome]:
        begun = False
        try:
            with self._database.writing() as connection:
                begun = True
                if len(jobs) == 1:
                    outcomes = [_Outcome(self._run(jobs[0]))]
                else:
                    # A savepoint costs a tenth of a job: with each, the text index is written out.
                    attempt = self._apart if apart else self._among
                    outcomes = [attempt(job, connection) for job in jobs]
                _seal(jobs, outcomes)
            return outcomes
        except _HalfDone:
            return self._commit(jobs, apart=True)
        except BaseException as error:
            if len(jobs) == 1 or not begun:
                # Who could not begin waited for it already: the others of the group are not made to wait in turn.
                return [_failed(error)] * len(jobs)
        # The commit failed, the transaction was lost, or a job was withdrawn late: alone, each meets its own fate.
        return [outcome for job in jobs for outcome in self._commit([job])]

    def _run(self, job: _Job) -> Any:
        with self._database.acting(job.caller):
            return job.context.run(job.carried_out)

    def _among(self, job: _Job, connection: sqlite3.Connection) -> _Outcome:
        """Run a job among others; one that failed must have written nothing. Raises _HalfDone, _TransactionLost."""
        written = connection.total_changes
        try:
            return _Outcome(self._run(job))
        except BaseException as error:
            if not connection.in_transaction:
                raise _TransactionLost from error
            if connection.total_changes != written:
                raise _HalfDone from error
            return _failed(error)

    def _apart(self, job: _Job, connection: sqlite3.Connection) -> _Outcome:
        """Run a job among others; one that failed is undone. Raises _TransactionLost."""
        connection.execute("savepoint job")
        try:
            outcome = _Outcome(self._run(job))
        except BaseException as error:
            if not connection.in_transaction:
                raise _TransactionLost from error
            connection.execute("rollback to job")
            outcome = _failed(error)
        connection.execute("release job")
        return outcome


def _failed(error: BaseException) -> _Outcome:
    return _Outcome(error=translated(error) if isinstance(error, sqlite3.Error) else error)


def _seal(jobs: list[_Job], outcomes: list[_Outcome]) -> None:
    """Raise _Withdrawn if someone withdrew a job of the group that has run; from here on nobody can."""
    held = [job.answer for job, outcome in zip(jobs, outcomes, strict=True) if outcome.error is None]
    sealed = [ticket.seal() for ticket in held]
    if not all(sealed):
        for ticket in held:
            ticket.unseal()
        raise _Withdrawn
