"""Where each part of the performance specification lives: the one table that its page is made from."""

from typing import NamedTuple


class Part(NamedTuple):
    """A part of the specification; places are files of this repository, `tool` an operation or nothing."""

    chapter: str
    name: str
    place: str
    tool: str
    test: str
    benchmark: str
    remark: str = ""


PARTS = (
    Part("Database", "WAL, pragmas", "kanban_mcp/store/pragmas.py", "get_health", "tests/store/test_store_writer.py", "benchmarks/bench_checkpoints.py", "busy_timeout is set with the connection, before everything else; checkpoints beside the writer"),
    Part("Database", "Indexes", "kanban_mcp/store/schema.py", "get_query_stats", "tests/store/test_store_plans.py", "benchmarks/bench_growth.py", "made for our own statements, each plan pinned"),
    Part("Database", "DatabaseConnectionPool", "kanban_mcp/store/database.py", "get_memory", "tests/store/test_store_writer.py", "benchmarks/bench_processes.py", "up to 10 readers, one writer"),
    Part("Database", "QueryMonitor", "kanban_mcp/diagnostics/queries.py", "get_query_stats", "tests/diagnostics/test_diagnostics_monitors.py", "benchmarks/bench_monitors.py", "by statement name, never with parameters"),
    Part("API", "ResponseCache", "kanban_mcp/reads.py", "get_cache_stats", "tests/store/test_store_cache.py", "benchmarks/bench_cache.py", "checked against the change log, not only by time"),
    Part("API", "BatchProcessor", "kanban_mcp/store/writer.py", "get_batch_stats", "tests/store/test_store_writer.py", "benchmarks/bench_writes.py", "takes what queued during the last commit; the window is 0 ms by default"),
    Part("API", "Bulk operations", "kanban_mcp/batch.py", "run_batch", "tests/operations/test_operations_batch.py", "benchmarks/bench_specification.py"),
    Part("WebSocket", "WebSocketConnectionManager", "kanban_mcp/transport/websocket.py", "get_performance", "tests/live/test_live_websocket.py", "benchmarks/bench_live.py", "1,000 sockets, rooms, heartbeats of 30 s; 1013 beyond, and for who does not read"),
    Part("WebSocket", "MessageBatcher", "kanban_mcp/transport/rooms.py", "", "tests/live/test_live_websocket.py", "benchmarks/bench_live.py", "at most 10 changes or 100 ms; a quiet room waits for nothing"),
    Part("Memory", "MemoryMonitor", "kanban_mcp/diagnostics/memory.py", "get_memory", "tests/diagnostics/test_diagnostics_memory.py", "benchmarks/bench_monitors.py", "against a budget: a process has no fixed heap"),
    Part("Memory", "LeakDetector", "kanban_mcp/diagnostics/memory.py", "get_memory", "tests/diagnostics/test_diagnostics_memory.py", "benchmarks/bench_monitors.py", "three snapshots that grow by more than 10 %, ten kept"),
    Part("Caching", "CacheManager, L1", "kanban_mcp/store/cache.py", "get_cache_stats", "tests/store/test_store_cache.py", "benchmarks/bench_cache.py", "1,000 entries, 5 minutes"),
    Part("Caching", "CacheManager, L2", "kanban_mcp/store/remote.py", "get_cache_stats", "tests/redis/test_redis_cache.py", "benchmarks/bench_redis.py", "Redis, 30 minutes, optional"),
    Part("Caching", "CacheInvalidator", "kanban_mcp/store/invalidation.py", "invalidate_cache", "tests/faults/test_cached_answers.py", "benchmarks/bench_cache.py", "registered kinds of changes (`task:*`) and what each outdates; by entity, kind or prefix on request"),
    Part("Monitoring", "PerformanceMetrics", "kanban_mcp/models/diagnostics.py", "get_performance", "tests/diagnostics/test_diagnostics_monitors.py", "benchmarks/bench_specification.py", "the same names in snake_case; memory as the process, SQLite and the cache, for want of a fixed heap"),
    Part("Monitoring", "PerformanceMonitor", "kanban_mcp/diagnostics/calls.py", "get_performance", "tests/diagnostics/test_diagnostics_monitors.py", "benchmarks/bench_monitors.py"),
    Part("Monitoring", "MonitoringSystem", "kanban_mcp/diagnostics/ticker.py", "get_health", "tests/diagnostics/test_diagnostics_monitors.py", "benchmarks/bench_monitors.py", "ticks every 30 s, logs every 5 minutes"),
    Part("Profiling", "Profiler", "kanban_mcp/diagnostics/profiler.py", "profile", "tests/diagnostics/test_diagnostics_memory.py", "benchmarks/bench_monitors.py", "samples all threads; `measure` counts our own phases"),
    Part("Testing", "Performance tests", "benchmarks/bench_specification.py", "", "", "benchmarks/bench_specification.py"),
)  # fmt: skip
