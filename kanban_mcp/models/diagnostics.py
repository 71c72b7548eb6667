"""What the monitors show."""

from typing import Any, Literal, TypeAlias

from kanban_mcp.models.page import Page
from kanban_mcp.models.record import Record

Verdict: TypeAlias = Literal["ok", "warning", "collecting"]


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds, to the microsecond."""
    return round(seconds * 1000, 3)


class Plan(Record):
    """How SQLite runs a statement, a step a line."""

    name: str
    sql: str = ""
    steps: list[str]


class QueryStats(Record):
    """Statements since the start; `slow` are [name, milliseconds, rows], worst first."""

    queries: Page
    slow_count: int = 0
    slow_above_ms: float = 0.0
    slow: list[tuple[str, float, int]] = []
    plans: list[Plan] = []


class Performance(Record):
    """Calls since the start. `cpu_usage` is a share of one core, since the last tick. Times are milliseconds.

    `connections` are open now, by transport; `websocket_latency` is from a change to its frame on a socket.
    """

    uptime_seconds: float
    api_response_time: dict[str, float]
    database_query_time: dict[str, float]
    memory_usage: dict[str, int]
    requests_per_second: float
    cpu_usage: float
    cpus: int
    active_connections: int
    connections: dict[str, int] = {}
    websocket_latency: dict[str, float]
    errors: dict[str, int] = {}
    operations: Page


class BatchStats(Record):
    """Commits since the start; `failed_alone` are writes undone without harm to the others of their group."""

    groups: int
    writes: int
    mean_size: float
    largest_size: int
    failed_alone: int
    wait_ms: dict[str, float]
    commit_ms: dict[str, float]
    waiting_now: int
    size_limit: int
    window_ms: float


class RedisStats(Record):
    """The cache that processes share; `resting` while Redis is left alone after failures."""

    state: Literal["in use", "resting"]
    hits: int
    misses: int
    failures: int


class CacheStats(Record):
    """The cache since the start; `outdated` counts entries that a change made untrue."""

    entries: int
    capacity: int
    bytes: int
    hit_rate: float
    evicted: int
    outdated: int
    redis: RedisStats | None = None
    views: Page


class Invalidated(Record):
    """How many entries a pattern made the cache forget."""

    pattern: str
    forgotten: int


class MemorySnapshot(Record):
    """Memory at a moment."""

    at: str
    rss_bytes: int
    python_blocks: int
    figures: dict[str, int]

    @property
    def all_figures(self) -> dict[str, int]:
        """Every figure by name."""
        return {"rss_bytes": self.rss_bytes, "python_blocks": self.python_blocks, **self.figures}


class Leak(Record):
    """What grew in each of three snapshots, by which share in all, and what to look at."""

    grew: dict[str, float]
    recommendations: list[str]


class Memory(Record):
    """Memory now; `snapshots` are [at, rss_bytes, python_blocks], `garbage` counts objects of Python's collector."""

    now: MemorySnapshot
    budget_bytes: int
    share: float
    verdict: Verdict
    collections: int
    garbage: dict[str, int]
    leak: Leak | None = None
    snapshots: list[list[Any]]
    top: list[str] = []
    tracing: bool = False


class Profile(Record):
    """A call tree, a line each: share of the busy samples, function, file:line.

    `spans` are [name, count, total milliseconds, largest].
    """

    seconds: float
    samples: int
    busy_share: float
    tree: list[str]
    truncated: bool = False
    spans: list[tuple[str, int, float, float]] = []


class Health(Record):
    """Whether all is well. `problems` are damage, `warnings` what may lead to it, `monitors` each one's verdict."""

    status: Literal["ok", "warning", "failing"]
    problems: list[str] = []
    warnings: list[str] = []
    monitors: dict[str, str]
    checked: bool
    file: str
    file_bytes: int
    log_bytes: int
    free_disk_bytes: int
    schema_version: int
    sqlite: str
    durability: str
    last_seq: int
    writes_waiting: int
    uptime_seconds: float
    version: str
