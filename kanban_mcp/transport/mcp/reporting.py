"""Progress of a call, told to a client that asked for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession

from kanban_mcp.progress import heard_by


@contextlib.asynccontextmanager
async def reported(context: ServerRequestContext[Any]) -> AsyncIterator[None]:
    """Tell the client of what is reported while the block runs; the session knows whether it wants to hear that."""
    reports = _Reports(context.session)
    sending = asyncio.get_running_loop().create_task(reports.send())
    try:
        with heard_by(reports.hear):
            yield
        await reports.flush()
    finally:
        sending.cancel()


class _Reports:
    """What comes faster than it is sent is left out, but for the newest: numbers only grow."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._told = False
        self._heard = self._sent = (0, 0)
        self._turn = asyncio.Lock()

    def hear(self, done: int, total: int) -> None:
        """On whichever thread does the work."""
        self._heard = (done, total)
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._news.set)

    async def send(self) -> None:
        """Send until cancelled."""
        while await self._news.wait():
            self._news.clear()
            self._told = False
            await self.flush()

    async def flush(self) -> None:
        """Send the newest, if that is new, after what is being sent."""
        async with self._turn:
            if self._heard[0] > self._sent[0]:
                self._sent = self._heard
                await self._session.report_progress(*self._sent)
