"""Requests that are answered at once are answered as all others are: the parser in Python never answers at once."""

import json
import re
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.settings import Settings
from tests.http.conftest import PATIENCE
from tests.http.test_http_keys import made, revoked
from tests.live.servers import Running, serving

FAST = Path(sys.prefix) / "fast"
"""Where `make test` puts the parser in C."""
MODERN = "2026-07-28"
TOLD = re.compile(rb"(date|x-ratelimit-reset): [^\r]*\r\n")


def get(path: str, *headers: str) -> bytes:
    """A GET with more headers."""
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", "")).encode()


def post(tool: str, arguments: object, *headers: str, number: int = 1) -> bytes:
    """A call of a tool in the era in which each request says who asks."""
    envelope = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": envelope}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
    lines = (
        "POST /mcp HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        f"MCP-Protocol-Version: {MODERN}",
        "Mcp-Method: tools/call",
        f"Mcp-Name: {tool}",
        f"Content-Length: {len(body)}",
        *headers,
        "",
        body,
    )
    return "\r\n".join(lines).encode()


class Wire:
    """One connection to a server, answers as they come."""

    def __init__(self, server: Running) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), PATIENCE)
        self._buffer = b""

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """The head of the answer without what depends on the time, and its body."""
        self.socket.sendall(request)
        return self.answer()

    def answer(self) -> tuple[bytes, bytes]:
        """The next answer."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head = self._taken(self._buffer.index(b"\r\n\r\n") + 4)
        length = int(found[1]) if (found := re.search(rb"content-length: (\d+)", head)) and b" 304 " not in head else 0
        while len(self._buffer) < length:
            self._more()
        return TOLD.sub(b"", head), self._taken(length)

    def _more(self) -> None:
        part = self.socket.recv(65_536)
        assert part, "the server closed the connection"
        self._buffer += part

    def _taken(self, length: int) -> bytes:
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken


Connect: TypeAlias = Callable[[Running], Wire]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections, which are closed at the end."""
    opened: list[Wire] = []

    def connected(server: Running) -> Wire:
        opened.append(Wire(server))
        return opened[-1]

    yield connected
    for wire in opened:
        wire.socket.close()


@pytest.fixture
def app(db: Path) -> Iterator[App]:
    """Another process's way to the file of the servers."""
    with open_app(Settings(db=db, toolsets=("all",))) as opened:
        yield opened


@pytest.fixture
def tasks(app: App) -> None:
    """A board with some tasks."""
    anyio.run(partial(app.runner.call, "create_board", {"name": "Plan"}, actor="ann"))
    given = [{"title": f"task {number}", "description": "x " * 200} for number in range(20)]
    anyio.run(partial(app.runner.call, "create_tasks", {"tasks": given}, actor="ann"))


@pytest.fixture
def swift(db: Path, tasks: None) -> Iterator[Running]:
    """A server that answers at once what it can."""
    if not FAST.exists():
        pytest.skip(f"not run: {FAST} is not there; `make test` makes it")
    with serving(db, "--toolsets", "all", through=("env", f"PYTHONPATH={FAST}")) as running:
        yield running


@pytest.fixture
def usual(db: Path, tasks: None, tmp_path: Path) -> Iterator[Running]:
    """A server that gives every request its task."""
    (tmp_path / "httptools.py").write_text("raise ImportError")
    with serving(db, "--toolsets", "all", through=("env", f"PYTHONPATH={tmp_path}")) as running:
        yield running


def test_both_ways_give_the_same_answers_byte_for_byte(swift: Running, usual: Running, connect: Connect) -> None:
    fast, slow = connect(swift), connect(usual)
    tag = re.search(rb"etag: ([^\r]*)", slow.ask(get("/api/tasks/1"))[0])
    assert tag is not None
    fast.ask(get("/api/tasks/1"))
    etag = tag[1].decode()
    requests = [
        get("/api/tasks/1"),
        get("/api/tasks/1", f"If-None-Match: {etag}"),
        get("/api/tasks/1", 'If-None-Match: "other"'),
        get("/api/tasks/1", "Accept-Encoding: gzip"),
        get("/api/tasks?limit=20", "Accept-Encoding: gzip"),
        get("/api/tasks/1", f"Origin: {usual.url}"),
        get("/api/tasks/1", "Origin: https://elsewhere.example"),
        get("/api/tasks/1", "X-Forwarded-For: 10.0.0.1"),
        get("/api/tasks?limit=3"),
        get("/api/boards/1"),
        get("/api/tasks/99"),
        get("/api/tasks/%31"),
        get("/api/tasks/1", "Content-Length: 5") + b"hello",
        get("/api/tasks/1", f'If-None-Match: {etag[:-1]}.gzip"', "Accept-Encoding: gzip"),
        get("/api/nowhere"),
        post("get_task", {"task_id": 1}),
        post("get_task", {"task_id": 1}, "Accept-Encoding: gzip"),
        post("get_task", {"task_id": 99}),
        post("get_task", {"nonsense": 1}),
        post("list_tasks", {"limit": 3}),
        post("list_tasks", {"limit": 20}, "Accept-Encoding: gzip"),
        post("search", {"query": "task"}),
        post("no_such_tool", {}),
        post("create_task", {"title": ""}),
        post("update_task", {"task_id": 99, "title": "nobody"}),
        post("update_task", {"task_id": 1, "version": 77, "title": "late"}),
        post("delete_task", {"task_id": 99}),
        post("get_task", {"task_id": 1}, "Content-Encoding: gzip"),
    ]
    for request in requests * 3:
        origin = usual.url.encode(), swift.url.encode()
        one, other = fast.ask(request.replace(*origin)), slow.ask(request)
        assert _sorted(one) == _sorted(other), request
        if b"connection: close" in one[0]:
            fast, slow = connect(swift), connect(usual)


def _sorted(answer: tuple[bytes, bytes]) -> tuple[list[bytes], bytes]:
    head, body = answer
    if body.startswith(b"\x1f\x8b"):
        body = body[:4] + bytes(4) + body[8:]  # gzip writes down the second in which it was made
    return sorted(head.split(b"\r\n")), body


def test_each_request_counts_once_however_it_is_answered(swift: Running, connect: Connect) -> None:
    wire = connect(swift)
    left = []
    for request in (
        get("/api/tasks/1"),
        get("/api/tasks/1"),
        get("/api/tasks/1", "Accept-Encoding: gzip"),
        get("/api/tasks?limit=20"),
        get("/api/tasks?limit=20", "Accept-Encoding: gzip"),
        post("get_task", {"task_id": 1}),
        post("create_task", {"title": "once"}),
        post("list_tasks", {"limit": 7}),
        post("list_tasks", {"limit": 7}),
        post("list_tasks", {"limit": 7}),
        post("list_tasks", {"limit": 8}),
        post("list_tasks", {"limit": 9}),
    ):
        head, _ = wire.ask(request)
        assert head.startswith(b"HTTP/1.1 200"), head
        found = re.search(rb"x-ratelimit-remaining: (\d+)", head)
        assert found is not None
        left.append(int(found[1]))
    assert left == list(range(left[0], left[0] - len(left), -1))


def test_a_write_is_done_once(app: App, swift: Running, connect: Connect) -> None:
    wire, before = connect(swift), app.news.last()
    for number in range(3):
        assert b"written once" in wire.ask(post("create_task", {"title": "written once"}, number=number))[1]
    with app.database.reading():
        assert app.database.value("test.count", "select count(*) from tasks where title = 'written once'") == 3
    assert app.news.last() > before


def test_what_comes_in_pieces_or_together_is_answered_in_order(swift: Running, connect: Connect) -> None:
    wire = connect(swift)
    wire.ask(get("/api/tasks/1"))
    together = [
        get("/api/tasks/1"),
        post("get_task", {"task_id": 2}, number=7),
        get("/health/live"),
        get("/api/tasks?limit=1"),
        get("/api/tasks/1"),
    ]
    whole = b"".join(together)
    for size in (len(whole), 700, 90, 7):
        for start in range(0, len(whole), size):
            wire.socket.sendall(whole[start : start + size])
        bodies = [wire.answer()[1] for _ in together]
        expected = (b'"id":1,', b'"id":7,', b'"status"', b'"items"', b'"id":1,')
        assert all(part in body for part, body in zip(expected, bodies, strict=True)), bodies


def test_a_write_and_a_revoked_key_of_another_process_are_seen_at_once(
    app: App, swift: Running, connect: Connect
) -> None:
    wire = connect(swift)
    key = made(app, scope="read")
    asked = get("/api/tasks/1", f"x-api-key: {key}")
    for title in (b"two", b"three"):
        change = lambda title=title: app.services.tasks.update_task(1, title=title.decode())  # noqa: E731
        app.writer.submit(change, caller=Caller("eve")).result()
        for _ in range(3):
            assert title in wire.ask(asked)[1]
    revoked(app, key)
    assert wire.ask(asked)[0].startswith(b"HTTP/1.1 401")


def test_a_head_that_came_before_is_read_with_the_body_that_comes_with_it(swift: Running, connect: Connect) -> None:
    wire, other = connect(swift), connect(swift)
    known = post("get_task", {"task_id": 1})
    for _ in range(3):
        assert b'"id":1,"result"' in wire.ask(known)[1]
    for number in (2, 3):
        asked = post("get_task", {"task_id": number}, number=number)
        for each in (wire, other):
            assert f'"id":{number},"result"'.encode() in each.ask(asked)[1]
            assert f"task {number - 1}".encode() in each.ask(asked)[1]
    longer = post("get_task", {"task_id": 12})
    for cut in (20, len(known) - 40, len(known) - 1):
        wire.socket.sendall(known[:cut])
        wire.socket.sendall(known[cut:] + longer + known)
        for name in (b"task 0", b"task 11", b"task 0"):
            assert name in wire.answer()[1]


def test_a_head_that_came_before_may_go_on_this_time(app: App, swift: Running, connect: Connect) -> None:
    wire, known = connect(swift), get("/api/tasks/1")
    for _ in range(3):
        assert b"task 0" in wire.ask(known)[1]
    other = connect(swift)
    wire.socket.sendall(known[:-4])
    assert b"task 0" in other.ask(known)[1]
    wire.socket.sendall(b"\r\nIf-None-Match: *\r\n\r\n")
    assert wire.answer()[0].startswith(b"HTTP/1.1 304")
    assert b"task 0" in wire.ask(known)[1]


def test_a_head_that_came_before_is_no_key_to_what_it_opened(app: App, swift: Running, connect: Connect) -> None:
    wire, key = connect(swift), made(app, scope="read")
    asked = post("get_task", {"task_id": 1}, f"Authorization: Bearer {key}")
    for _ in range(3):
        assert b"task 0" in wire.ask(asked)[1]
    revoked(app, key)
    assert wire.ask(asked)[0].startswith(b"HTTP/1.1 401")


def test_a_head_that_came_before_is_a_body_where_one_is_due(swift: Running, connect: Connect) -> None:
    wire = connect(swift)
    inside = get("/api/tasks/1")
    for _ in range(3):
        assert b"task 0" in wire.ask(inside)[1]
    outer = post("get_task", {"task_id": 1}).partition(b"\r\n\r\n")[0]
    outer = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(inside), outer) + b"\r\n\r\n"
    wire.socket.sendall(outer)
    wire.socket.sendall(inside)
    assert b"task 0" not in wire.answer()[1]
    assert b"task 0" in wire.ask(inside)[1]


def test_a_call_that_came_before_is_answered_under_the_id_it_has_and_as_its_caller_may(
    app: App, swift: Running, connect: Connect
) -> None:
    wire = connect(swift)
    for number in (1, 1, 2, 2, 30, 1):
        body = json.loads(wire.ask(post("get_task", {"task_id": 1}, number=number))[1])
        assert (body["id"], body["result"]["structuredContent"]["title"]) == (number, "task 0")
    for wrong in ({"task_id": 99}, {"nonsense": 1}):
        answers = {wire.ask(post("get_task", wrong))[1] for _ in range(3)}
        assert len(answers) == 1 and b'"isError":true' in answers.pop()
    anyio.run(partial(app.runner.call, "create_board", {"name": "Other"}, actor="ann"))
    limited = lambda: app.services.keys.create("ann", "read", boards=("Other",))  # noqa: E731
    seeing, blind = made(app, scope="read"), app.writer.submit(limited, caller=Caller("test")).result()[1]
    for _ in range(3):
        assert b"task 0" in wire.ask(post("get_task", {"task_id": 1}, f"x-api-key: {seeing}"))[1]
        assert b"not_found" in wire.ask(post("get_task", {"task_id": 1}, f"x-api-key: {blind}"))[1]
    other = post("get_task", {"task_id": 1}, f"x-api-key: {seeing}").replace(
        b"Mcp-Name: get_task", b"Mcp-Name: get_tasx"
    )
    assert not wire.ask(other)[0].startswith(b"HTTP/1.1 200")


def test_a_write_of_another_process_ends_what_was_unchanged_and_what_a_tool_answered(
    app: App, swift: Running, connect: Connect
) -> None:
    wire = connect(swift)
    for title in ("two", "three"):
        tag = re.search(rb"etag: ([^\r]*)", wire.ask(get("/api/tasks/1"))[0])
        assert tag is not None
        unchanged, call = get("/api/tasks/1", f"If-None-Match: {tag[1].decode()}"), post("get_task", {"task_id": 1})
        for _ in range(3):
            assert wire.ask(unchanged)[0].startswith(b"HTTP/1.1 304")
            assert title.encode() not in wire.ask(call)[1]
        change = lambda title=title: app.services.tasks.update_task(1, title=title)  # noqa: E731
        app.writer.submit(change, caller=Caller("eve")).result()
        assert title.encode() in wire.ask(call)[1]
        head, body = wire.ask(unchanged)
        assert head.startswith(b"HTTP/1.1 200")
        assert title.encode() in body


@pytest.mark.long
def test_a_connection_that_rests_is_closed(swift: Running, connect: Connect) -> None:
    wire = connect(swift)
    for _ in range(3):
        wire.ask(get("/api/tasks/1"))
    assert wire.socket.recv(1) == b""
