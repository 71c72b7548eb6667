"""stdin and stdout as lines of bytes, on the event loop."""

import asyncio
import contextlib
import fcntl
import os
import select
import stat
from collections import deque
from collections.abc import Callable, Iterator

import anyio

LONGEST_LINE = 8 * 1024 * 1024
"""Longer lines are dropped while they come in: nothing an agent says needs so much."""
MOST_UNREAD = 1024 * 1024
"""Bytes of answers that wait for the client to read them; beyond that no more is taken from it."""
CHUNK = 256 * 1024


class Input:
    """Lines of bytes, read from a descriptor no faster than they are asked for."""

    def __init__(self, descriptor: int) -> None:
        self.ended = False
        self._descriptor = descriptor
        self._waitable = _is_pipe(descriptor) or os.isatty(descriptor)
        self._listening = False
        self._loop = asyncio.get_running_loop()
        self._lines: deque[bytes | None] = deque()
        self._part = bytearray()
        self._too_long = False
        self._news = asyncio.Event()

    async def next(self) -> bytes | None:
        """The next line that is not blank, None in place of one that was too long. Raises EndOfStream."""
        while not self._lines:
            if self.ended:
                raise anyio.EndOfStream
            self._news.clear()
            self._listen()
            await self._news.wait()
        return self._lines.popleft()

    @property
    def waiting(self) -> bool:
        """Whether there are lines that were not asked for yet."""
        return bool(self._lines)

    def end(self) -> None:
        """Read no more, and forget what was not asked for."""
        self._lines.clear()
        self.ended = True
        self._news.set()
        self._deafen()

    def _listen(self) -> None:
        if not self._waitable:  # a file is always ready, and epoll refuses it
            self._loop.call_soon(self._read)
        elif not self._listening:
            self._loop.add_reader(self._descriptor, self._read)
            self._listening = True

    def _deafen(self) -> None:
        if self._listening:
            self._loop.remove_reader(self._descriptor)
            self._listening = False

    def _read(self) -> None:
        if self._lines or self.ended:  # more is not asked for: let it wait in the pipe
            self._deafen()
            return
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # a terminal that hung up
            data = b""
        self._take(data)
        self._news.set()

    def _take(self, data: bytes) -> None:
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._extend(end)
            self._finish()
        self._extend(rest)
        if not data:
            self._finish()
            self.ended = True
            self._deafen()

    def _extend(self, data: bytes) -> None:
        self._too_long = self._too_long or len(self._part) + len(data) > LONGEST_LINE
        if self._too_long:
            self._part.clear()
        else:
            self._part += data

    def _finish(self) -> None:
        if self._too_long or self._part.strip():
            self._lines.append(None if self._too_long else bytes(self._part))
        self._part.clear()
        self._too_long = False


class Output:
    """Lines of bytes to a descriptor. `moved` wakes who waits for it to be read, and stays unset."""

    def __init__(self, descriptor: int) -> None:
        self.gone = False
        self.on_gone: Callable[[], None] = lambda: None
        self.moved = asyncio.Event()
        self.unread = bytearray()
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._due = False
        self._stuck = False
        self._watched = _is_pipe(descriptor)
        if self._watched:
            os.set_blocking(descriptor, False)
            self._loop.add_reader(descriptor, self._look)

    @property
    def full(self) -> bool:
        """Whether too much is unread."""
        return len(self.unread) > MOST_UNREAD

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self.moved.set()
        self.moved.clear()

    def write(self, line: bytes, *, alone: bool) -> None:
        """Write a line: at once when it is alone, otherwise together with those that follow in this moment."""
        self.unread += line + b"\n"
        if alone and not self._stuck:
            self._flush()
        elif not (self._due or self._stuck):
            self._due = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what the client takes at once, and forget the rest: it had its time to read it."""
        self._flush()
        self._unwatch()
        self._loop.remove_writer(self._descriptor)

    def _flush(self) -> None:
        self._due = False
        try:
            while self.unread:
                del self.unread[: os.write(self._descriptor, self.unread)]
        except BlockingIOError:
            pass
        except OSError:
            self._lose()
        self._wait(bool(self.unread))
        self.wake()

    def _wait(self, stuck: bool) -> None:
        if stuck and not self._stuck:
            self._loop.add_writer(self._descriptor, self._flush)
        elif self._stuck and not stuck:
            self._loop.remove_writer(self._descriptor)
        self._stuck = stuck

    def _look(self) -> None:
        """Something happened at the other end: it was closed, or it spoke where stdout is a socket."""
        poll = select.poll()
        poll.register(self._descriptor, 0)
        self._unwatch()
        if poll.poll(0):
            self._lose()

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._descriptor)
            self._watched = False

    def _lose(self) -> None:
        self.gone = True
        self.unread.clear()
        self._wait(False)
        self._unwatch()
        self.on_gone()


@contextlib.contextmanager
def standard_streams() -> Iterator[tuple[Input, Output]]:
    """Take stdin and stdout for ourselves; who else reads or prints meets the null device and stderr."""
    source, sink = (fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3) for descriptor in (0, 1))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    blocking = os.get_blocking(sink)
    lines, output = Input(source), Output(sink)
    try:
        yield lines, output
    finally:
        lines.end()
        output.close()
        os.set_blocking(sink, blocking)  # whoever shares the pipe shares the mode
        os.close(source)
        os.close(sink)


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
