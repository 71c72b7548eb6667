"""The second level of the cache: answers that processes share through Redis.

Redis is never trusted and never waited for: an answer from it is compared with the change log before it is used, and
one that does not come in time counts as none. After some failures it is left alone for a while.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from kanban_mcp.breaker import Breaker
from kanban_mcp.errors import Unusable

if TYPE_CHECKING:
    import redis

TIMEOUT_SECONDS = 0.07
"""A call asks once and tells once, so a Redis that hangs costs it twice this at most, until it is left alone."""

log = logging.getLogger(__name__)


class Shared(NamedTuple):
    """An answer as kept in Redis: what it shows, the seq it was read at, and the moment of that seq."""

    text: str
    scopes: frozenset[str]
    seq: int
    at: str


class RemoteCounts(NamedTuple):
    """What happened so far; `resting` while Redis is left alone after failures."""

    hits: int
    misses: int
    failures: int
    resting: bool


class Remote:
    """A Redis server at a URL; entries live `ttl` seconds."""

    def __init__(self, url: str, *, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = _connected(url)
        self._ttl = ttl
        self._breaker = Breaker(clock)
        self._lock = threading.Lock()
        self._hits = self._misses = self._failures = 0

    def get(self, view: str, key: str) -> Shared | None:
        """What is kept under a key, true or not; None when there is nothing, or no answer in time."""
        raw = self._tried(lambda: self._client.get(_name(view, key)))
        entry = _parsed(raw) if raw is not None else None
        with self._lock:
            self._hits += entry is not None
            self._misses += entry is None
        return entry

    def put(self, view: str, key: str, entry: Shared) -> None:
        """Keep an answer, if that works."""
        value = json.dumps([entry.text, sorted(entry.scopes), entry.seq, entry.at])
        self._tried(lambda: self._client.set(_name(view, key), value, px=int(self._ttl * 1000)))

    def forget(self, pattern: str) -> None:
        """Take the entries of the views that a pattern with `*` matches away, if that works."""

        def unlink() -> None:
            names = list(self._client.scan_iter(match=_name(pattern, "*"), count=1000))
            if names:
                self._client.unlink(*names)

        self._tried(unlink)

    @property
    def counts(self) -> RemoteCounts:
        """How it went so far."""
        with self._lock:
            return RemoteCounts(self._hits, self._misses, self._failures, self._breaker.rests)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _tried(self, ask: Callable[[], Any]) -> Any:
        """The answer, or None when Redis rests, fails, or takes too long."""
        if self._breaker.rests:
            return None
        try:
            answer = ask()
        except Exception as error:
            self._failed(error)
            return None
        self._breaker.worked()
        return answer

    def _failed(self, error: Exception) -> None:
        self._breaker.failed()
        with self._lock:
            self._failures += 1
        log.info("redis did not answer", extra={"error": type(error).__name__})


def _name(view: str, key: str) -> str:
    return f"kanban:{view}:{key}"


def _parsed(raw: Any) -> Shared | None:
    """What another process put there; nonsense counts as nothing."""
    try:
        text, scopes, seq, at = json.loads(raw)
        json.loads(text)
        return Shared(text, frozenset(scopes), int(seq), str(at))
    except (ValueError, TypeError):
        return None


def _connected(url: str) -> "redis.Redis":
    """A client that answers or fails at once: its defaults try again, which held one call for six seconds."""
    try:
        import redis  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError:
        raise Unusable(
            "A Redis URL is set, but its client is not installed.", hint="Install kanban-mcp[redis]."
        ) from None
    try:
        return redis.Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
        )
    except ValueError:
        raise Unusable("The Redis URL is not one.", hint="Write it like redis://localhost:6379/0.") from None
