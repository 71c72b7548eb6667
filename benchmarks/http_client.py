"""An HTTP/1.1 client as thin as can be: one connection kept open, requests made once, answers only counted."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
START_SECONDS = 30
FAST = Path(sys.prefix) / "fast"
"""Where `make bench` puts the parser in C: both sides of every comparison have it."""


class HttpServer:
    """A server process on a port; `busy` is the processor time it has taken."""

    def __init__(self, command: list[str], port: int) -> None:
        # The limit is far away, but what it costs to keep count is measured too.
        self.port = port
        env = {**os.environ, "KANBAN_RATE_LIMIT": "1000000", "PYTHONPATH": os.pathsep.join((str(FAST), *sys.path))}
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise

    @property
    def process(self) -> psutil.Process:
        """The process itself."""
        return psutil.Process(self._process.pid)

    def busy(self) -> float:
        """Seconds of processor time so far."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


class HttpClient:
    """One connection to a server."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = port

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None) -> bytes:
        """The bytes of a request, to be sent many times."""
        content = b"" if body is None else json.dumps(body).encode()
        given = {"Host": f"127.0.0.1:{self._port}", **(headers or {})}
        if content:
            given |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content

    def send(self, request: bytes) -> tuple[bytes, bytes]:
        """The head and the body of the answer to a request."""
        self.ask(request)
        return self.answer()

    def ask(self, request: bytes) -> None:
        """Send a request and do not wait."""
        self._socket.sendall(request)

    def answer(self) -> tuple[bytes, bytes]:
        """The head and the body of the next answer."""
        buffer = b""
        while b"\r\n\r\n" not in buffer:
            buffer += self._received()
        head, _, body = buffer.partition(b"\r\n\r\n")
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        while len(body) < length:
            body += self._received()
        return head, body

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _received(self) -> bytes:
        part = self._socket.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
