"""A client as thin as can be: what is measured is the server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

STOCK = [sys.executable, str(Path(__file__).parent / "stock_server.py")]
EMPTY = [sys.executable, str(Path(__file__).parent / "empty_server.py")]


def ours(db: Path, *flags: str) -> list[str]:
    """The command that serves a file."""
    return [sys.executable, "-m", "kanban_mcp", "--db", str(db), "--toolsets", "core", *flags]


class RawClient:
    """Speaks JSON-RPC to a server's pipes, one request at a time. `started` is the time to the first tool list."""

    def __init__(self, command: list[str], *, handshake: bool = True) -> None:
        began = perf_counter()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self._buffer = b""
        self._last = 0
        if handshake:
            client = {"name": "benchmark", "version": "1"}
            self.request("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
            self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
            self.request("tools/list")
        self.started = perf_counter() - began

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request."""
        self._last += 1
        self._send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        answer: dict[str, Any] = json.loads(self._line())
        return answer

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured result of a tool."""
        result: dict[str, Any] = self.request("tools/call", name=tool, arguments=arguments)["result"]
        structured: dict[str, Any] = result.get("structuredContent", {})
        return structured

    def flood(self, tool: str, count: int, arguments: Callable[[int], dict[str, Any]], flight: int) -> None:
        """So many calls of a tool, `flight` of them under way at once; the answers are counted, not read."""
        lines = [_line(number, tool, arguments(number)) for number in range(count)]
        sent, answered = flight, 0
        self._write(b"".join(lines[:sent]))
        while answered < count:
            arrived = self._arrived()
            answered += arrived
            self._write(b"".join(lines[sent : sent + arrived]))
            sent += arrived

    def resident(self) -> int:
        """Bytes of memory the server has."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def busy(self) -> float:
        """Seconds of processor time the server has taken: less noisy than the clock when others work too."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def close(self) -> None:
        """Leave, and wait for the server to end."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _arrived(self) -> int:
        return self._read().count(b"\n")

    def _send(self, message: dict[str, Any]) -> None:
        self._write(json.dumps(message).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)

    def _read(self) -> bytes:
        assert self._process.stdout
        data = os.read(self._process.stdout.fileno(), 1 << 20)
        if not data:
            raise EOFError("The server has ended.")
        return data

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._buffer += self._read()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def _line(number: int, tool: str, arguments: dict[str, Any]) -> bytes:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode() + b"\n"
