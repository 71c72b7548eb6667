"""From the writer's thread back to an event loop: answers that are ready together arrive together."""

import asyncio
import threading
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class Landing:
    """Hands the answers of writes to one event loop, which is woken once for all that are ready."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._arrived: list[tuple[asyncio.Future[Any], Future[Any]]] = []

    def awaited(self, answer: "Future[_T]") -> "asyncio.Future[_T]":
        """An answer of the writer, as the loop awaits it; cancelling one cancels the other."""
        here: asyncio.Future[_T] = self._loop.create_future()
        here.add_done_callback(lambda _: here.cancelled() and answer.cancel())
        answer.add_done_callback(lambda there: self._arrive(here, there))
        return here

    def _arrive(self, here: "asyncio.Future[Any]", there: "Future[Any]") -> None:
        with self._lock:
            self._arrived.append((here, there))
            if len(self._arrived) > 1 or self._loop.is_closed():
                return
        self._loop.call_soon_threadsafe(self._land)

    def _land(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for here, there in arrived:
            if here.done():
                continue
            if there.cancelled():
                here.cancel()
            elif (error := there.exception()) is not None:
                here.set_exception(error)
            else:
                here.set_result(there.result())
