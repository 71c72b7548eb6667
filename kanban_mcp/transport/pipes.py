"""stdin and stdout as lines of bytes, without a thread between where the system allows."""

import asyncio
import contextlib
import os
import stat
import threading
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

LONGEST_LINE = 8 * 1024 * 1024
"""Longer lines are dropped while they come in: nothing an agent says needs so much."""
CHUNK = 65_536
MOST_WAITING = 1000
"""Lines read ahead of being served; beyond that the client waits."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """In place of a line that was dropped."""

    limit: int


class Input(asyncio.Protocol):
    """Splits what comes in into lines."""

    def __init__(self, limit: int = LONGEST_LINE) -> None:
        self._limit = limit
        self._lines: deque[bytes | TooLong] = deque()
        self._part = bytearray()
        self._dropping = False
        self._ended = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._transport: asyncio.ReadTransport | None = None

    async def next(self) -> bytes | TooLong | None:
        """The next line that is not blank, or None at the end."""
        while not self._lines:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        line = self._lines.popleft()
        if len(self._lines) < MOST_WAITING // 2:
            self._resume()
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The pipe is open."""
        assert isinstance(transport, asyncio.ReadTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Some bytes came; lines may end anywhere in them."""
        head, newline, rest = data.partition(b"\n")
        self._extend(head)
        while newline:
            self._finish()
            head, newline, rest = rest.partition(b"\n")
            self._extend(head)
        if len(self._lines) > MOST_WAITING:
            self._pause()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client closed its end; what stands without a newline is its last line."""
        self._finish()
        self._ended = True
        self._news.set()

    async def fed(self, data: bytes) -> None:
        """Take bytes from a thread, and let it wait while too many lines do."""
        if data:
            self.data_received(data)
        else:
            self.connection_lost(None)
        while len(self._lines) > MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    def _extend(self, data: bytes) -> None:
        if len(self._part) + len(data) > self._limit:
            self._dropping = True
            self._part.clear()
        if not self._dropping:
            self._part += data

    def _finish(self) -> None:
        line = TooLong(self._limit) if self._dropping else bytes(self._part)
        self._part.clear()
        self._dropping = False
        if isinstance(line, TooLong) or line.strip():
            self._lines.append(line)
            self._news.set()

    def _pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def _resume(self) -> None:
        self._room.set()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


class Output(asyncio.Protocol):
    """Writes lines, and waits when the client does not read them. `gone` is set when it cannot any more."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.WriteTransport | None = None
        self._descriptor: int | None = None

    def to_file(self, descriptor: int) -> None:
        """Write to a file or terminal, which cannot be waited for."""
        self._descriptor = descriptor

    async def write(self, line: bytes) -> None:
        """Write a line; nothing when the client is gone."""
        if self.gone.is_set():
            return
        if self._descriptor is not None:
            self._write_all(self._descriptor, line + b"\n")
        elif self._transport is not None:
            self._transport.write(line + b"\n")
            if not self._writable.is_set():
                await self._writable.wait()

    def _write_all(self, descriptor: int, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError:
            self.gone.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The pipe is open."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def pause_writing(self) -> None:
        """The client does not read as fast as it asks."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client closed its end, or all is written and ours is closed."""
        self.gone.set()
        self._writable.set()

    async def close(self) -> None:
        """Write what is left, then close."""
        if self._transport is not None and not self.gone.is_set():
            self._transport.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone.wait(), 1.0)


@dataclass(frozen=True, slots=True)
class Pipes:
    """Both directions."""

    input: Input
    output: Output


@contextlib.asynccontextmanager
async def open_pipes() -> AsyncIterator[Pipes]:
    """Take stdin and stdout for ourselves; whoever else reads or prints meets the null device and stderr."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    pipes = Pipes(Input(), Output())
    await _connect_input(pipes.input, source)
    await _connect_output(pipes.output, sink)
    try:
        yield pipes
    finally:
        await pipes.output.close()


async def _connect_input(lines: Input, descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    if _is_pipe(descriptor):
        await loop.connect_read_pipe(lambda: lines, os.fdopen(descriptor, "rb", 0))
    else:
        threading.Thread(target=_read_file, args=(lines, descriptor, loop), name="kanban-stdin", daemon=True).start()


async def _connect_output(output: Output, descriptor: int) -> None:
    if _is_pipe(descriptor):
        loop = asyncio.get_running_loop()
        await loop.connect_write_pipe(lambda: output, os.fdopen(descriptor, "wb", 0))
    else:
        output.to_file(descriptor)


def _is_pipe(descriptor: int) -> bool:
    """Whether the event loop can wait for it. A terminal could be, but shares its blocking mode with others."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _read_file(lines: Input, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
    data = b"-"
    while data:
        data = os.read(descriptor, CHUNK)
        try:
            asyncio.run_coroutine_threadsafe(lines.fed(data), loop).result()
        except RuntimeError:  # the loop is closed
            return
