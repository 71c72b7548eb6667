"""What stays open ends with the key that opened it, at the next heartbeat."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from starlette.types import Message, Receive

from kanban_mcp.models.caller import Caller
from kanban_mcp.transport.access.keyring import Keyring

log = logging.getLogger(__name__)


class Open(Protocol):
    """A connection or stream that lives long, and for whom."""

    caller: Caller

    def expire(self) -> None:
        """End it: its caller would not be let in any more."""
        ...


class Heartbeat:
    """Looks every so many seconds whose key was revoked or has expired, while `running()` is entered.

    Each key is asked about once, however much is open for it.
    """

    def __init__(self, keyring: Keyring, seconds: float) -> None:
        self._keyring = keyring
        self._seconds = seconds
        self._open: set[Open] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look until the end of the block."""
        looking = asyncio.ensure_future(self._look())
        try:
            yield
        finally:
            looking.cancel()

    @contextlib.contextmanager
    def watching(self, opened: Open) -> Iterator[None]:
        """Look after something while the block lasts."""
        self._open.add(opened)
        try:
            yield
        finally:
            self._open.discard(opened)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                self._end_some()
            except Exception:  # a file that cannot be read now may be read at the next heartbeat
                log.exception("keys of what is open could not be looked at")

    def _end_some(self) -> None:
        callers = {each.caller for each in self._open}
        ended = {caller for caller in callers if not self._keyring.still_valid(caller)}
        for each in [each for each in self._open if each.caller in ended]:
            each.expire()


class UntilExpired:
    """Receives for a caller; once the key has ended, as if the client had left."""

    def __init__(self, caller: Caller, receive: Receive) -> None:
        self.caller = caller
        self._receive = receive
        self._ended = asyncio.get_running_loop().create_future()

    @property
    def expired(self) -> bool:
        """Whether the key has ended."""
        return self._ended.done()

    def expire(self) -> None:
        """End it."""
        if not self._ended.done():
            self._ended.set_result(None)

    async def __call__(self) -> Message:
        """The next message."""
        receiving = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({receiving, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            return receiving.result() if receiving.done() else {"type": "http.disconnect"}
        finally:
            receiving.cancel()
