"""Writes the log back into the file, beside the writer: a commit that had to do it would take 12 to 48 ms."""

import logging
import threading
import time
from collections.abc import Callable

from kanban_mcp.store.database import Database

log = logging.getLogger(__name__)

COMMITS = 100
"""After so many commits: the log stays at some megabytes, and writing back mostly finds little to do."""
MANY_PAGES = 4096
"""With writers that never rest the log never ends, and grows. Above 16 MB they wait until all of it is written back,
which most of it is by then; it begins anew."""
LARGE = 64 * 1024 * 1024
"""A file of the log above this is emptied, for which writers wait longer: a reader or one large commit made it grow."""


class Checkpointer:
    """A thread of its own with a connection of its own. `on_write_back`, when set, is told the seconds of each turn."""

    on_write_back: Callable[[float], None] | None = None

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commits = 0
        self._limit = LARGE
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="kanban-checkpoints", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """A commit of this process happened; called on the writer thread."""
        self._commits += 1
        if self._commits % COMMITS == 0 or self._database.place.log_bytes() > self._limit:
            self._wake.set()

    def close(self) -> None:
        """Stop; what is left in the log is written back when the last connection closes."""
        self._closed = True
        self._wake.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closed:
                return
            started = time.perf_counter()
            try:
                self._write_back()
                if self.on_write_back is not None:
                    self.on_write_back(time.perf_counter() - started)
            except Exception as error:
                # A full disk, or a process that writes all the time: the next turn tries again.
                log.warning("the log was not written back: %s", error)

    def _write_back(self) -> None:
        pages = self._database.write_back()
        if self._database.place.log_bytes() > LARGE:
            self._database.empty_log()
        elif pages > MANY_PAGES:
            self._database.write_back(alone=True)
        self._limit = self._database.place.log_bytes() + LARGE
