"""The composition root: the one place that knows every part. Opens them in order, closes them in reverse."""

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from kanban_mcp.batch import Batch
from kanban_mcp.catalog import Catalog, operations
from kanban_mcp.reads import Reads
from kanban_mcp.runner import Runner
from kanban_mcp.services.services import Services
from kanban_mcp.settings import Settings
from kanban_mcp.store import Store
from kanban_mcp.store.cache import Cache
from kanban_mcp.store.checkpointer import Checkpointer
from kanban_mcp.store.clock import Clock, system_clock
from kanban_mcp.store.database import Database, DatabaseOptions
from kanban_mcp.store.feed import Feed
from kanban_mcp.store.follower import Follower
from kanban_mcp.store.writer import Writer
from kanban_mcp.writes import Writes


@dataclass(frozen=True)
class App:
    """The open parts a transport needs."""

    settings: Settings
    services: Services
    catalog: Catalog
    runner: Runner
    database: Database
    writer: Writer
    feed: Feed
    cache: Cache


@contextlib.contextmanager
def open_app(settings: Settings, *, clock: Clock = system_clock) -> Iterator[App]:
    """Open everything over one database file. Raises Unusable when the file cannot serve."""
    options = DatabaseOptions(
        durability=settings.durability,
        readers=settings.readers,
        busy_timeout=settings.busy_timeout,
        mmap_size=settings.mmap_size,
    )
    database = Database(settings.db, options, clock=clock)
    store = Store(database)
    services = Services(store, bound=settings.board, lease_seconds=settings.lease_minutes * 60)
    batch = Batch(store, lambda name: catalog[name])
    catalog = Catalog(operations(services, batch), toolsets=settings.toolsets, read_only=settings.read_only)
    writer = Writer(database, batch=settings.batch_size, window=settings.batch_window_ms / 1000)
    feed, checkpointer = Feed(database), Checkpointer(database)
    cache = Cache(entries=settings.cache_entries, ttl=settings.cache_seconds)
    follower = Follower(database, store.changes, cache)
    reads = Reads(database, services, feed, cache, follower)
    runner = Runner(catalog, reads, Writes(store, writer))

    def committed() -> None:
        feed.committed()
        checkpointer.committed()

    writer.on_commit = committed
    if settings.log_days:
        writer.submit(functools.partial(services.history.trim, settings.log_days), actor="kanban-mcp")
    try:
        yield App(settings, services, catalog, runner, database, writer, feed, cache)
    finally:
        feed.close()
        checkpointer.close()
        if writer.stop():
            database.close()
