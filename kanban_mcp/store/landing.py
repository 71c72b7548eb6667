"""From the writer's thread back to an event loop: answers that are ready together arrive together."""

import asyncio
import contextlib
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Awaited(asyncio.Future[_T]):
    """An answer of the writer, as a loop awaits it; cancelling one cancels the other."""

    def __init__(self, answer: "Future[_T]", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._answer = answer

    def cancel(self, msg: Any | None = None) -> bool:
        """Stop waiting, and withdraw the job."""
        # Not by a callback: the loop would have to run one for every answer.
        if not self.done():
            self._answer.cancel()
        return super().cancel(msg)

    def land(self) -> None:
        """Take over the answer, which is there by now, unless nobody waits any more."""
        if self.done():
            return
        if (error := self._answer.exception()) is not None:
            self.set_exception(error)
        else:
            self.set_result(self._answer.result())
        del self._answer  # which holds this one: together they would wait for the garbage collector


class Landing:
    """Hands the answers of writes to one event loop, which is woken once for each group of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: list[_Awaited[Any]] = []

    def awaited(self, answer: "Future[_T]") -> "asyncio.Future[_T]":
        """The answer of a job that was submitted with this landing; called on the loop."""
        here = _Awaited(answer, self._loop)
        answer.add_done_callback(lambda there: None if there.cancelled() else self._arrived.append(here))
        if answer.done():  # it came before it was awaited: the wake may have gone by
            self._loop.call_soon(here.land)
        return here

    def wake(self) -> None:
        """Hand over the answers that have arrived; called on the writer thread."""
        arrived, self._arrived = self._arrived, []
        if arrived:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                self._loop.call_soon_threadsafe(_land, arrived)


def _land(arrived: list[_Awaited[Any]]) -> None:
    for here in arrived:
        here.land()
