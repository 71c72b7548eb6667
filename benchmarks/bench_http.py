"""What does an operation cost over HTTP, beside bare routes and beside an empty tool of the SDK's server?"""

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.http_client import HttpClient, HttpServer, free_port
from benchmarks.report import Figure, full
from benchmarks.workload import seed
from kanban_mcp.app import open_app
from kanban_mcp.settings import Settings

TASKS = 1000
TASK = 500
CALLS = 200
_MODERN = "2026-07-28"


def measure() -> list[Figure]:
    """Reads, unchanged reads and calls of a tool, each in turns with what it is held against."""
    with TemporaryDirectory() as folder, _servers(Path(folder)) as (mine, theirs, servers):
        get = mine.request("GET", f"/api/tasks/{TASK}")
        head, body = mine.send(get)
        tag = re.search(rb'etag: ("[^"]+")', head)
        assert tag is not None
        unchanged = mine.request("GET", f"/api/tasks/{TASK}", {"If-None-Match": tag[1].decode()})
        assert mine.send(unchanged)[0].startswith(b"HTTP/1.1 304")
        tool, empty = _called(mine, "get_task", task_id=TASK), _called(theirs, "empty")
        pairs = (
            ("GET a task / bare route", 0.6, get, theirs.request("GET", "/bytes")),
            ("unchanged task (304) / bare route", 0.8, unchanged, theirs.request("GET", "/unchanged")),
            ("MCP get_task / empty tool of the SDK's server", 0.85, tool, empty),
        )
        return [_figure(name, bar, mine, theirs, ours, other, servers) for name, bar, ours, other in pairs]


def _figure(
    name: str,
    bar: float,
    mine: HttpClient,
    theirs: HttpClient,
    ours: bytes,
    other: bytes,
    servers: tuple[HttpServer, HttpServer],
) -> Figure:
    """How many of ours are answered in the time of one of the others."""
    clock: list[list[float]] = [[], []]
    busy = [0.0, 0.0]
    for _ in range(60 if full() else 15):
        for place, (client, request) in enumerate(((mine, ours), (theirs, other))):
            before, began = servers[place].busy(), perf_counter()
            for _ in range(CALLS):
                client.send(request)
            clock[place].append((perf_counter() - began) / CALLS)
            busy[place] += servers[place].busy() - before
    seconds = [median(samples) for samples in clock]
    detail = f"{seconds[0] * 1e6:.0f} against {seconds[1] * 1e6:.0f} us; by processor time {busy[1] / busy[0]:.2f}"
    return Figure(name, seconds[1] / seconds[0], "of its rate", bar, "at least", detail)


@contextlib.contextmanager
def _servers(folder: Path) -> Iterator[tuple[HttpClient, HttpClient, tuple[HttpServer, HttpServer]]]:
    """Ours over a seeded file, the reference with the same bytes, and a client of each."""
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
        reference = Path(__file__).parent / "http_reference.py"
        theirs = HttpServer([sys.executable, str(reference), str(ports[1]), str(bytes_)], ports[1])
        stack.callback(theirs.close)
        # Connected only now: a server closes connections that rest for long, and the other takes its time to start.
        client = stack.enter_context(contextlib.closing(HttpClient(ports[0])))
        other = stack.enter_context(contextlib.closing(HttpClient(ports[1])))
        yield client, other, (mine, theirs)


def _called(client: HttpClient, tool: str, **arguments: object) -> bytes:
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
    request = client.request("POST", "/mcp", headers, message)
    assert b'"result"' in client.send(request)[1], client.send(request)
    return request
