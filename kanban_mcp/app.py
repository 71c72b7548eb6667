"""The composition root: the one place that knows every part. Opens them in order, closes them in reverse."""

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from kanban_mcp.batch import Batch
from kanban_mcp.catalog import Catalog, operations
from kanban_mcp.diagnostics.diagnostics import Diagnostics
from kanban_mcp.diagnostics.profiler import Spans
from kanban_mcp.models.caller import Caller
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
from kanban_mcp.store.news import News
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
    news: News
    cache: Cache
    follower: Follower
    watch: Diagnostics


@contextlib.contextmanager
def open_app(settings: Settings, *, clock: Clock = system_clock) -> Iterator[App]:
    """Open everything over one database file. Raises Unusable when the file cannot serve."""
    with contextlib.ExitStack() as closing:
        yield _opened(settings, clock, closing)


def _opened(settings: Settings, clock: Clock, closing: contextlib.ExitStack) -> App:
    """Each part as soon as what it needs is there; `closing` undoes that in reverse."""
    spans = Spans()
    remote = _remote(settings, closing)
    with spans.measure("open the file"):
        database = Database(settings.db, _options(settings), clock=clock)
    writer = Writer(database, batch=settings.batch_size, window=settings.batch_window_ms / 1000)
    closing.callback(_end, writer, database)
    store = Store(database)
    services = Services(store, bound=settings.board, lease_seconds=settings.lease_minutes * 60, files=settings.files)
    cache = Cache(entries=settings.cache_entries, ttl=settings.cache_seconds)
    feed, checkpointer = Feed(database), Checkpointer(database)
    closing.callback(checkpointer.close)
    closing.callback(feed.close)
    checkpointer.on_write_back = functools.partial(spans.add, "write the log back")
    watch = _diagnostics(settings, database, store, writer, cache, remote, spans)
    closing.callback(watch.close)

    batch = Batch(store, lambda name: catalog[name])
    catalog = Catalog(operations(services, batch, watch), toolsets=settings.toolsets, read_only=settings.read_only)
    follower = Follower(database, store.changes, cache)
    reads = Reads(database, services, feed, cache, follower, remote)
    runner = Runner(catalog, reads, Writes(store, writer))
    runner.on_call = watch.on_call
    watch.profiler.operations = {operation.name for operation in catalog.everything()}
    writer.on_commit = functools.partial(_committed, feed, checkpointer)
    if settings.log_days:
        writer.submit(functools.partial(services.history.trim, settings.log_days), caller=Caller("kanban-mcp"))
    news = News(database, store.changes, feed)
    return App(settings, services, catalog, runner, database, writer, feed, news, cache, follower, watch)


def _options(settings: Settings) -> DatabaseOptions:
    return DatabaseOptions(
        durability=settings.durability,
        readers=settings.readers,
        busy_timeout=settings.busy_timeout,
        mmap_size=settings.mmap_size,
    )


def _remote(settings: Settings, closing: contextlib.ExitStack) -> Remote | None:
    if settings.redis_url is None:
        return None
    return closing.enter_context(contextlib.closing(Remote(settings.redis_url, ttl=settings.redis_seconds)))


def _diagnostics(
    settings: Settings,
    database: Database,
    store: Store,
    writer: Writer,
    cache: Cache,
    remote: Remote | None,
    spans: Spans,
) -> Diagnostics:
    return Diagnostics(
        database,
        store,
        writer,
        cache,
        remote,
        batch_size=settings.batch_size,
        window_ms=settings.batch_window_ms,
        slow_seconds=settings.slow_query_ms / 1000,
        budget_mb=settings.memory_budget_mb,
        spans=spans,
    )


def _committed(feed: Feed, checkpointer: Checkpointer) -> None:
    feed.committed()
    checkpointer.committed()


def _end(writer: Writer, database: Database) -> None:
    """Close the database once nothing writes; a writer that hangs at another's gate is left to the system."""
    if writer.stop():
        database.close()
