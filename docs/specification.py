"""Where each part of the performance specification lives: the one table that its page is made from."""

from typing import NamedTuple


class Part(NamedTuple):
    """A part of the specification, by its name there.

    `place` and `benchmark` are files of this repository, `test` is one with the function that shows it,
    `reached` is an operation, or a method and an address, or nothing.
    """

    chapter: str
    name: str
    place: str
    reached: str
    test: str
    benchmark: str
    remark: str = ""


_WRITER = "tests/store/test_store_writer.py"
_MONITORS = "tests/diagnostics/test_diagnostics_monitors.py"
_MEMORY = "tests/diagnostics/test_diagnostics_memory.py"
_CACHE = "tests/store/test_store_cache.py"
_REST = "tests/http/test_http_rest.py"
_SOCKETS = "tests/live/test_live_websocket.py"

PARTS = (
    Part("Goals", "Response time", "kanban_mcp/runner.py", "get_performance", f"{_MONITORS}::test_calls_are_counted_by_operation_and_their_errors_by_code", "benchmarks/bench_live.py", "p95 of 100 users over HTTP"),
    Part("Goals", "Query time", "kanban_mcp/store/database.py", "get_query_stats", f"{_MONITORS}::test_statements_are_counted_by_name", "benchmarks/bench_growth.py"),
    Part("Goals", "WebSocket latency", "kanban_mcp/transport/live/rooms.py", "get_performance", f"{_SOCKETS}::test_a_write_of_another_process_is_heard", "benchmarks/bench_live.py", "from the commit to the frame, with 1,000 sockets"),
    Part("Goals", "Memory usage", "kanban_mcp/diagnostics/memory.py", "get_memory", f"{_MEMORY}::test_memory_is_held_against_its_budget", "benchmarks/bench_live.py", "a budget of 512 MB"),
    Part("Goals", "Concurrent users", "kanban_mcp/transport/server/http.py", "", "tests/http/test_http_slow.py::test_connections_beyond_the_most_are_told_so_and_many_more_are_closed", "benchmarks/bench_live.py", "100 users; 2,000 connections at most"),
    Part("Goals", "PerformanceMetrics", "kanban_mcp/models/diagnostics.py", "get_performance", "tests/http/test_http_metrics.py::test_the_same_is_there_as_json", "benchmarks/bench_specification.py", "the same names in snake_case; memory as the process, SQLite and the cache, for want of a fixed heap"),
    Part("Database", "DatabaseConnection: WAL, pragmas", "kanban_mcp/store/pragmas.py", "get_health", f"{_WRITER}::test_connections_are_tuned", "benchmarks/bench_checkpoints.py", "busy_timeout is set with the connection, before everything else; checkpoints beside the writer"),
    Part("Database", "Index optimization", "kanban_mcp/store/schema.py", "get_query_stats", "tests/store/test_store_plans.py::test_a_statement_runs_on_its_index", "benchmarks/bench_growth.py", "made for our own statements, each plan pinned"),
    Part("Database", "Query optimization", "kanban_mcp/store/tasks.py", "list_tasks", "tests/store/test_store_plans.py::test_no_statement_reads_a_table_from_end_to_end", "benchmarks/bench_filters.py"),
    Part("Database", "DatabaseConnectionPool", "kanban_mcp/store/database.py", "get_memory", f"{_WRITER}::test_readers_are_opened_when_they_are_needed_and_no_more_than_asked", "benchmarks/bench_processes.py", "up to 10 readers, one writer; who waits is woken, nobody polls"),
    Part("Database", "QueryMonitor", "kanban_mcp/diagnostics/queries.py", "get_query_stats", f"{_MONITORS}::test_a_slow_statement_is_logged_and_shown_with_its_plan", "benchmarks/bench_monitors.py", "by statement name, never with parameters"),
    Part("API", "compressionMiddleware", "kanban_mcp/transport/server/compression.py", "", "tests/http/test_http_compression.py::test_what_is_small_is_sent_as_it_is", "benchmarks/bench_compression.py", "zstd and Brotli too"),
    Part("API", "ResponseCache", "kanban_mcp/reads.py", "get_cache_stats", f"{_CACHE}::test_a_second_read_is_a_hit", "benchmarks/bench_cache.py", "checked against the change log, not only by time"),
    Part("API", "cacheMiddleware", "kanban_mcp/transport/rest/endpoint.py", "GET /api/tasks", f"{_REST}::test_an_unchanged_task_is_answered_with_304_without_a_statement", "benchmarks/bench_http.py", "behind the question who asks; ETag and 304 beside it"),
    Part("API", "BatchProcessor", "kanban_mcp/store/writer.py", "get_batch_stats", f"{_WRITER}::test_one_failing_job_does_not_undo_the_others_of_its_group", "benchmarks/bench_writes.py", "takes what queued during the last commit; the window is 0 ms by default"),
    Part("API", "Bulk operations", "kanban_mcp/batch.py", "run_batch", "tests/operations/test_operations_batch.py::test_a_failing_call_undoes_those_before_it_and_is_named", "benchmarks/bench_specification.py"),
    Part("API", "POST /api/tasks/batch", "kanban_mcp/transport/rest/rest.py", "POST /api/tasks/batch", f"{_REST}::test_many_tasks_are_made_by_one_request", "benchmarks/bench_specification.py", "one transaction"),
    Part("API", "Routes under /api", "kanban_mcp/catalog.py", "GET /openapi.json", f"{_REST}::test_every_operation_is_there_whatever_is_offered_to_agents", "benchmarks/bench_http.py", "one for each operation"),
    Part("API", "x-api-key, Authorization", "kanban_mcp/transport/access/auth.py", "", "tests/http/test_http_keys.py::test_a_key_is_taken_in_either_header_and_its_actor_is_bound_to_it", "", "keys with scopes, boards and an end"),
    Part("API", "RateLimiter", "kanban_mcp/transport/access/windows.py", "", "tests/http/test_http_rate_limit.py::test_no_window_ever_holds_more_than_the_limit_and_no_request_within_it_is_refused", "", "by the key that was checked, else by address; shared through Redis"),
    Part("API", "rateLimitMiddleware", "kanban_mcp/transport/access/rate_limit.py", "", "tests/http/test_http_rate_limit.py::test_the_limit_is_told_with_each_answer_and_the_next_request_is_refused", "", "the same headers and `retryAfter`"),
    Part("WebSocket", "WebSocketConnectionManager: connections", "kanban_mcp/transport/live/websocket.py", "GET /ws", f"{_SOCKETS}::test_a_thousand_sockets_of_one_address_have_places_and_one_more_has_none", "benchmarks/bench_live.py", "1013 beyond 1,000, and for who does not read"),
    Part("WebSocket", "WebSocketConnectionManager: rooms", "kanban_mcp/transport/live/rooms.py", "GET /ws", f"{_SOCKETS}::test_a_room_hears_of_its_own_changes_only", "benchmarks/bench_live.py", "fed by the change log, so of every process on the file"),
    Part("WebSocket", "WebSocketConnectionManager: heartbeat", "kanban_mcp/transport/server/http.py", "GET /ws", f"{_SOCKETS}::test_who_is_gone_without_a_word_is_noticed", "benchmarks/bench_live.py", "30 s"),
    Part("WebSocket", "MessageBatcher", "kanban_mcp/transport/live/rooms.py", "GET /ws", f"{_SOCKETS}::test_frames_hold_ten_changes_at_most_in_order", "benchmarks/bench_live.py", "at most 10 changes or 100 ms; a quiet room waits for nothing"),
    Part("Memory", "MemoryMonitor", "kanban_mcp/diagnostics/memory.py", "get_memory", f"{_MEMORY}::test_memory_is_told_to_be_short_in_time", "benchmarks/bench_monitors.py", "against a budget: a process has no fixed heap"),
    Part("Memory", "LeakDetector", "kanban_mcp/diagnostics/memory.py", "get_memory", f"{_MEMORY}::test_a_planted_leak_is_told_from_a_steady_load", "benchmarks/bench_monitors.py", "10 snapshots, and what to look at"),
    Part("Caching", "CacheManager, L1", "kanban_mcp/store/cache.py", "get_cache_stats", f"{_CACHE}::test_entries_beyond_the_capacity_push_out_the_least_recently_used", "benchmarks/bench_cache.py", "1,000 entries, 5 minutes"),
    Part("Caching", "CacheManager, L2", "kanban_mcp/store/remote.py", "get_cache_stats", "tests/redis/test_redis_cache.py::test_what_one_process_assembled_another_takes_from_redis", "benchmarks/bench_redis.py", "Redis, 30 minutes, optional"),
    Part("Caching", "CacheInvalidator: registerPattern", "kanban_mcp/store/invalidation.py", "", "tests/faults/test_cached_answers.py::test_answers_from_the_cache_are_those_of_the_tables", "benchmarks/bench_cache.py", "kinds of changes (`task:*`) and what each outdates, applied by itself"),
    Part("Caching", "CacheInvalidator: invalidate, invalidateByPrefix", "kanban_mcp/diagnostics/caching.py", "invalidate_cache", f"{_MONITORS}::test_cache_figures_and_forgetting_by_pattern", "benchmarks/bench_cache.py", "by kind of change, thing or prefix; in Redis too"),
    Part("Monitoring", "PerformanceMonitor", "kanban_mcp/diagnostics/calls.py", "get_performance", f"{_MONITORS}::test_the_rate_is_that_of_the_last_minute", "benchmarks/bench_monitors.py", "quantiles of all calls within 2 %, not of the last 1,000"),
    Part("Monitoring", "PerformanceMonitor: recordWebSocketLatency", "kanban_mcp/diagnostics/connections.py", "get_performance", f"{_SOCKETS}::test_a_room_hears_of_its_own_changes_only", "benchmarks/bench_live.py"),
    Part("Monitoring", "MonitoringSystem", "kanban_mcp/diagnostics/ticker.py", "get_health", f"{_MONITORS}::test_a_monitor_that_fails_is_ticked_again_and_does_not_stop_the_others", "benchmarks/bench_monitors.py", "ticks every 30 s, logs every 5 minutes"),
    Part("Monitoring", "GET /metrics", "kanban_mcp/transport/pages/metrics.py", "GET /metrics", "tests/http/test_http_metrics.py::test_counts_are_those_of_what_was_sent", "", "Prometheus too; read from the monitors when it is asked for"),
    Part("Monitoring", "Health", "kanban_mcp/transport/pages/readiness.py", "GET /health/ready", "tests/http/test_http_metrics.py::test_a_server_is_not_ready_while_its_store_does_not_answer", "", "and `get_health`, with the verdict of each monitor"),
    Part("Profiling", "Profiler: startProfile, endProfile", "kanban_mcp/diagnostics/profiler.py", "profile", f"{_MEMORY}::test_a_profile_shows_what_a_busy_thread_does", "benchmarks/bench_monitors.py", "samples all threads while others work"),
    Part("Profiling", "Profiler: measure, measureSync", "kanban_mcp/diagnostics/profiler.py", "profile", f"{_MEMORY}::test_spans_count_and_add_up", "benchmarks/bench_monitors.py", "our own phases"),
    Part("Testing", "Load: 100 concurrent users", "benchmarks/bench_live.py", "", "tests/faults/test_mixed_load.py::test_processes_that_do_everything_at_once_leave_all_in_order", "benchmarks/bench_live.py", "80 % reads, 60 s"),
    Part("Testing", "Bulk creation, large results, concurrent writes", "benchmarks/bench_specification.py", "", f"{_REST}::test_many_tasks_are_made_by_one_request", "benchmarks/bench_specification.py"),
    Part("Production", "productionConfig", "kanban_mcp/settings.py", "", "tests/docs/test_docs_pages.py::test_every_setting_has_its_reason", "", "its values are the defaults; heap and collector are Node's"),
    Part("Production", "Graceful stop", "kanban_mcp/transport/server/http.py", "", "tests/live/test_live_stop.py::test_what_was_acknowledged_before_the_end_is_there_after_it", "", "under 5 s"),
)  # fmt: skip
