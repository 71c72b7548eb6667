"""The composition root: the one place that knows every part. Opens them in order, closes them in reverse."""

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from kanban_mcp.batch import Batch
from kanban_mcp.catalog import Catalog, operations
from kanban_mcp.diagnostics.diagnostics import Diagnostics
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
from kanban_mcp.store.remote import Remote
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
    watch: Diagnostics


@contextlib.contextmanager
def open_app(settings: Settings, *, clock: Clock = system_clock) -> Iterator[App]:
    """Open everything over one database file. Raises Unusable when the file cannot serve."""
    options = DatabaseOptions(
        durability=settings.durability,
        readers=settings.readers,
        busy_timeout=settings.busy_timeout,
        mmap_size=settings.mmap_size,
    )
    # First, since it may refuse its URL: what is open then would have to be closed.
    remote = Remote(settings.redis_url, ttl=settings.redis_seconds) if settings.redis_url else None
    database = Database(settings.db, options, clock=clock)
    store = Store(database)
    services = Services(store, bound=settings.board, lease_seconds=settings.lease_minutes * 60)
    writer = Writer(database, batch=settings.batch_size, window=settings.batch_window_ms / 1000)
    cache = Cache(entries=settings.cache_entries, ttl=settings.cache_seconds)
    watch = Diagnostics(
        database,
        store,
        writer,
        cache,
        remote,
        batch_size=settings.batch_size,
        window_ms=settings.batch_window_ms,
        slow_seconds=settings.slow_query_ms / 1000,
        budget_mb=settings.memory_budget_mb,
    )
    batch = Batch(store, lambda name: catalog[name])
    catalog = Catalog(operations(services, batch, watch), toolsets=settings.toolsets, read_only=settings.read_only)
    feed, checkpointer = Feed(database), Checkpointer(database)
    reads = Reads(database, services, feed, cache, Follower(database, store.changes, cache), remote)
    runner = Runner(catalog, reads, Writes(store, writer))
    runner.on_call = watch.calls.observe

    def committed() -> None:
        feed.committed()
        checkpointer.committed()

    writer.on_commit = committed
    if settings.log_days:
        writer.submit(functools.partial(services.history.trim, settings.log_days), actor="kanban-mcp")
    try:
        yield App(settings, services, catalog, runner, database, writer, feed, cache, watch)
    finally:
        watch.close()
        feed.close()
        checkpointer.close()
        if remote is not None:
            remote.close()
        if writer.stop():
            database.close()
