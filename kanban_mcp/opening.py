"""What is opened at once when a server starts: the file, which may refuse it. The rest is put together on it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kanban_mcp.settings import Settings
from kanban_mcp.store.clock import Clock, system_clock
from kanban_mcp.store.database import Database, DatabaseOptions

if TYPE_CHECKING:
    from kanban_mcp.store.remote import Remote


@dataclass
class Opened:
    """An open file. What is put together on it is closed through `closing`, before the file.

    `finish` ends all writing, and answers whether it has ended; `seconds` is how long opening took.
    """

    settings: Settings
    database: Database
    remote: "Remote | None"
    seconds: float
    closing: contextlib.ExitStack
    finish: Callable[[], bool] = lambda: True

    def close(self) -> None:
        """Close the file once nothing writes; a writer that hangs at another's gate is left to the system."""
        if self.finish():
            self.database.close()


@contextlib.contextmanager
def opening(settings: Settings, *, clock: Clock = system_clock) -> Iterator[Opened]:
    """Open the file of these settings. Raises Unusable when it cannot serve."""
    with contextlib.ExitStack() as closing:
        remote = _remote(settings, closing)
        started = time.perf_counter()
        database = Database(settings.db, _options(settings), clock=clock)
        opened = Opened(settings, database, remote, time.perf_counter() - started, closing)
        closing.callback(opened.close)
        yield opened


def _options(settings: Settings) -> DatabaseOptions:
    return DatabaseOptions(
        durability=settings.durability,
        readers=settings.readers,
        busy_timeout=settings.busy_timeout,
        mmap_size=settings.mmap_size,
    )


def _remote(settings: Settings, closing: contextlib.ExitStack) -> "Remote | None":
    if settings.redis_url is None:
        return None
    from kanban_mcp.store.remote import Remote  # noqa: PLC0415 - few have one

    return closing.enter_context(contextlib.closing(Remote(settings.redis_url, ttl=settings.redis_seconds)))
