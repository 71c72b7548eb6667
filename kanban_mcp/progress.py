"""How far a long call has come: said by whoever does the work, heard by whoever carried the call in.

The listener goes with the call from task to thread and into the writer, so no part between must pass it on.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TypeAlias

Listener: TypeAlias = Callable[[int, int], object]
"""Told how much is done, and of how much in all. What it raises ends the work."""

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


def report(done: int, total: int) -> None:
    """Say that so much of the work of this call is done. Costs nothing to speak of where nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextlib.contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Tell this listener of what is reported in the block, and whoever listened before too."""
    outer = _listener.get()

    def hear(done: int, total: int) -> None:
        listener(done, total)
        if outer is not None:
            outer(done, total)

    token = _listener.set(hear)
    try:
        yield
    finally:
        _listener.reset(token)
