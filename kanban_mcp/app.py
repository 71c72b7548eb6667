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
from kanban_mcp.opening import Opened, opening
from kanban_mcp.reads import Reads
from kanban_mcp.runner import Runner
from kanban_mcp.services.services import Services
from kanban_mcp.settings import Settings
from kanban_mcp.store.cache import Cache
from kanban_mcp.store.checkpointer import Checkpointer
from kanban_mcp.store.clock import Clock, system_clock
from kanban_mcp.store.database import Database
from kanban_mcp.store.feed import Feed
from kanban_mcp.store.follower import Follower
from kanban_mcp.store.news import News
from kanban_mcp.store.remote import Remote
from kanban_mcp.store.store import Store
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
    with opening(settings, clock=clock) as opened:
        yield assembled(opened)


def assembled(opened: Opened) -> App:
    """Each part on an open file, as soon as what it needs is there; what closes the file undoes that in reverse."""
    settings, database, remote, closing = opened.settings, opened.database, opened.remote, opened.closing
    spans = Spans()
    spans.add("open the file", opened.seconds)
    writer = Writer(database, batch=settings.batch_size, window=settings.batch_window_ms / 1000)
    opened.finish = writer.stop
    store = Store(database)
    services = Services(store, bound=settings.board, lease_seconds=settings.lease_minutes * 60, files=settings.files)
    cache = Cache(entries=settings.cache_entries, ttl=settings.cache_seconds)
    feed, checkpointer = Feed(database), Checkpointer(database)
    closing.callback(checkpointer.close)
    closing.callback(feed.close)
    checkpointer.on_write_back = functools.partial(spans.add, "write the log back")
    watch = _diagnostics(settings, database, store, writer, cache, remote, spans)
    closing.callback(watch.close)

    batch = Batch(store, lambda name: catalog.known(name))
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
