"""Counting requests in a sliding window that processes share through Redis."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kanban_mcp.breaker import Breaker
from kanban_mcp.errors import Unusable
from kanban_mcp.transport.access.windows import WINDOW_SECONDS, Verdict

if TYPE_CHECKING:
    import redis.asyncio

TIMEOUT_SECONDS = 0.08

# By the server's clock, which all processes share; in microseconds, which a score holds exactly.
_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local count = redis.call('ZCARD', KEYS[1])
local allowed = count < limit and 1 or 0
if allowed == 1 then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], window / 1000)
    count = count + 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {allowed, count, oldest[2] and (oldest[2] + window - now) or 0}
"""


class SharedWindows:
    """The windows of all processes on a Redis; each forgets itself when it has run out. For one event loop."""

    def __init__(
        self, url: str, *, timeout: float = TIMEOUT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = _connected(url, timeout)
        self._timeout = timeout
        self._script = self._client.register_script(_HIT)
        self._breaker = Breaker(clock)
        self._members = map((secrets.token_hex(8) + "{}").format, itertools.count())

    async def hit(self, name: str, limit: int) -> Verdict | None:
        """Count a request, if it is within the limit; None when Redis does not answer, or rests after failures."""
        if self._breaker.rests:
            return None
        arguments: list[str | int] = [limit, WINDOW_SECONDS * 1_000_000, next(self._members)]
        try:
            async with asyncio.timeout(self._timeout):
                allowed, count, left = await self._script(keys=[f"kanban:rate:{name}"], args=arguments)
        except Exception:  # whatever is wrong there, callers are answered here
            self._breaker.failed()
            return None
        self._breaker.worked()
        return Verdict(bool(allowed), limit, max(0, limit - count), left / 1_000_000)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _connected(url: str, timeout: float) -> "redis.asyncio.Redis":
    """A client that tries once: its defaults try again, which holds a call for seconds."""
    try:
        import redis.asyncio  # noqa: PLC0415
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ImportError:
        raise Unusable(
            "A Redis URL is set, but its client is not installed.", hint="Install kanban-mcp[redis]."
        ) from None
    return redis.asyncio.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=timeout)
