"""What does an operation cost over HTTP, beside bare routes and beside an empty tool of the SDK's server?

Who is placed where is given, and the same for both sides. Left to the system, a client that waits for each answer is
put beside its server or on another core, for minutes: there the server sleeps after each answer, and is woken cold,
which costs half as much again. That doubled or halved the ratios from run to run.
"""

import contextlib
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeAlias

from benchmarks.cores import on_core
from benchmarks.http_client import HttpClient, HttpServer, free_port
from benchmarks.report import Figure, full, timed
from benchmarks.workload import seed
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

TASKS = 1000
TASK = 500
CALLS = 400
FLIGHT = 10
ROUNDS = 5
_MODERN = "2026-07-28"

Both: TypeAlias = tuple[HttpServer, HttpServer]


def measure() -> list[Figure]:
    """Reads, unchanged reads and calls of a tool, each in turns with what it is held against.

    Reads on the servers' own core: nobody sleeps. Calls from another, so that the server has always some to answer.
    """
    with TemporaryDirectory() as folder, on_core(0), _servers(Path(folder)) as servers:
        reads = _reads(servers)
        with on_core(1):
            return [*reads, *_calls(servers)]


def _reads(servers: Both) -> list[Figure]:
    """One after the other on one connection, against bare routes."""
    with (
        contextlib.closing(HttpClient(servers[0].port)) as mine,
        contextlib.closing(HttpClient(servers[1].port)) as bare,
    ):
        get = mine.request("GET", f"/api/tasks/{TASK}")
        tag = re.search(rb'etag: ("[^"]+")', mine.send(get)[0])
        assert tag is not None
        unchanged = mine.request("GET", f"/api/tasks/{TASK}", {"If-None-Match": tag[1].decode()})
        assert mine.send(unchanged)[0].startswith(b"HTTP/1.1 304")
        pairs = (
            ("GET a task / bare route", 0.6, get, bare.request("GET", "/bytes")),
            ("unchanged task (304) / bare route", 0.8, unchanged, bare.request("GET", "/unchanged")),
        )
        return [_read(name, bar, (mine, bare), (ours, other), servers) for name, bar, ours, other in pairs]


def _read(
    name: str, bar: float, clients: tuple[HttpClient, HttpClient], requests: tuple[bytes, bytes], servers: Both
) -> Figure:
    """How many of ours a server answers in the processor time of one of the others: the client's own is left out."""
    clock: list[list[float]] = [[], []]
    before = [server.busy() for server in servers]
    for _ in range(75 if full() else 25):
        for samples, client, request in zip(clock, clients, requests, strict=True):
            samples.append(timed(partial(_ask, client, request)) / CALLS)
    mine, bare = (server.busy() - earlier for server, earlier in zip(servers, before, strict=True))
    seconds = [median(samples) * 1e6 for samples in clock]
    detail = f"with the client {seconds[0]:.0f} against {seconds[1]:.0f} us, {seconds[1] / seconds[0]:.2f} of its rate"
    return Figure(name, bare / mine, "of its rate", bar, "at least", detail)


def _ask(client: HttpClient, request: bytes) -> None:
    for _ in range(CALLS):
        client.send(request)


def _calls(servers: Both) -> list[Figure]:
    """Calls of a tool, ten in flight, against the SDK's server and against the least that could answer them.

    By processor time, of which a server that always has some to answer takes all there is.
    """
    one, two = (HttpClient(server.port) for server in servers)
    with contextlib.closing(one) as mine, contextlib.closing(two) as theirs:
        works = {
            "get": (servers[0], _called(mine, "get_task", task_id=TASK)),
            "stock": (servers[1], _called(theirs, "empty")),
            "bare": (servers[1], _called(theirs, "get_task", "/read", task_id=TASK)),
        }
    count = 4000 if full() else 1000
    rates: dict[str, list[float]] = {name: [] for name in works}
    busy = dict.fromkeys(works, 0.0)
    for _ in range(ROUNDS):
        for name, (server, request) in works.items():
            # Connected anew, since a server closes connections that rest for long.
            with contextlib.closing(Flight(server.port)) as flight:
                before = server.busy()
                rates[name].append(count / timed(partial(flight.flood, request, count)))
                busy[name] += server.busy() - before
    get, stock, bare = (f"{median(rates[name]):.0f} calls/s" for name in works)
    what = f"MCP get_task, {FLIGHT} in flight"
    pairs = (
        # docs/explanation/performance.md says where the time goes.
        ("empty tool of a stock server", "stock", 5, f"{get} against {stock}", True),
        ("bare route with the same read", "bare", 0.4, f"{get} against {bare}", False),
    )
    return [
        Figure(f"{what} / {name}", busy[key] / busy["get"], "times", bar, "at least", detail, aim)
        for name, key, bar, detail, aim in pairs
    ]


class Flight:
    """Connections on each of which a request is under way, all the time."""

    def __init__(self, port: int) -> None:
        self._clients = [HttpClient(port) for _ in range(FLIGHT)]

    def flood(self, request: bytes, count: int) -> None:
        """So many answers; they are counted, not read."""
        for client in self._clients:
            client.ask(request)
        for _ in range(count // FLIGHT - 1):
            for client in self._clients:
                client.answer()
                client.ask(request)
        for client in self._clients:
            client.answer()

    def close(self) -> None:
        """Leave."""
        for client in self._clients:
            client.close()


@contextlib.contextmanager
def _servers(folder: Path) -> Iterator[Both]:
    """Ours over a seeded file, and the reference with the same bytes."""
    db, bytes_ = folder / "bench.db", folder / "bytes"
    with open_app(Settings(db=db, toolsets=("all",))) as app:
        seed(app, TASKS)
    ports = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        mine = HttpServer(
            [sys.executable, "-m", "kanban_mcp", "serve", "--db", str(db), "--port", str(ports[0])], ports[0]
        )
        stack.callback(mine.close)
        with contextlib.closing(HttpClient(ports[0])) as first:
            bytes_.write_bytes(first.send(first.request("GET", f"/api/tasks/{TASK}"))[1])
        reference = [sys.executable, "-m", "benchmarks.http_reference", str(ports[1]), str(bytes_), str(db)]
        theirs = HttpServer(reference, ports[1])
        stack.callback(theirs.close)
        yield mine, theirs


def _called(client: HttpClient, tool: str, path: str = "/mcp", **arguments: object) -> bytes:
    """The call of a tool in the era without sessions."""
    envelope = {
        "io.modelcontextprotocol/protocolVersion": _MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": envelope}
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": _MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    request = client.request("POST", path, headers, message)
    assert b'"result"' in client.send(request)[1], client.send(request)
    return request
