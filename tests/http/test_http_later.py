"""Requests whose answers are to come: who leaves, who asks more, and a server that ends."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.conftest import PATIENCE
from tests.http.test_http_at_once import FAST, Wire, get, post
from tests.live.servers import Running, serving
from tests.transport.test_mcp_calls import HOLDER


@pytest.fixture
def server(db: Path) -> Iterator[Running]:
    """A server with a board and the parser in C."""
    if not FAST.exists():
        pytest.skip(f"not run: {FAST} is not there; `make test` makes it")
    with serving(db, "--toolsets", "all", through=("env", f"PYTHONPATH={FAST}"), rate_limit=0) as running:
        with talking(running) as wire:
            told(wire.ask(post("create_board", {"name": "Plan"})))
        yield running


@contextlib.contextmanager
def talking(server: Running) -> Iterator[Wire]:
    """A connection, closed at the end."""
    wire = Wire(server)
    with wire.socket:
        yield wire


@contextlib.contextmanager
def gate_held(db: Path) -> Iterator[None]:
    """While the block runs another process is amid a write, so that writes wait."""
    command = [sys.executable, "-c", HOLDER, f"{db}.lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.read(4) == b"held"
        yield
        holder.stdin.close()
        assert holder.wait(PATIENCE) == 0


def told(answer: tuple[bytes, bytes]) -> object:
    """What a call answered, which was no refusal."""
    assert answer[0].startswith(b"HTTP/1.1 200 "), answer
    result = json.loads(answer[1])["result"]
    assert not result["isError"], result
    return result["structuredContent"]


def titles(server: Running) -> list[str]:
    """The tasks that are there."""
    with talking(server) as wire:
        listed = json.loads(wire.ask(get("/api/tasks"))[1])
    return sorted(task["title"] for task in listed["items"])


def test_a_connection_carries_any_number_of_calls(server: Running) -> None:
    with talking(server) as wire:
        for arguments in ({"title": "x" * 200}, {"task_id": 1}):
            for number in range(150):
                told(wire.ask(post("create_task" if "title" in arguments else "get_task", arguments, number=number)))
        counted = told(wire.ask(post("get_board", {})))
    assert isinstance(counted, dict)
    assert counted["tasks"]["total"] == 150


def test_what_is_asked_meanwhile_is_answered_in_order(server: Running) -> None:
    with talking(server) as wire:
        wire.ask(post("create_task", {"title": "known head"}))
        with gate_held(server.db):
            wire.socket.sendall(post("create_task", {"title": "waits for it"}, number=1))
            for number in (2, 3):
                wire.socket.sendall(post("list_tasks", {}, number=number))
            wire.socket.sendall(post("create_task", {"title": "comes after it"}, number=4)[:-9])
            assert titles(server) == ["known head"]
        wire.socket.sendall(post("create_task", {"title": "comes after it"})[-9:])
        answers = [json.loads(wire.answer()[1]) for _ in range(4)]
        assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
        assert "waits for it" in str(answers[1])
        told(wire.ask(post("get_task", {"task_id": 3})))


def test_who_leaves_before_a_write_has_begun_leaves_it_undone(server: Running) -> None:
    with gate_held(server.db):
        for _ in range(2):
            with talking(server) as wire:
                wire.socket.sendall(post("create_task", {"title": "withdrawn"}))
        with talking(server) as wire:
            while _open(wire) > 1:
                pass
    with talking(server) as wire:
        told(wire.ask(post("create_task", {"title": "kept"})))
    assert titles(server) == ["kept"]


def _open(wire: Wire) -> int:
    there = json.loads(wire.ask(get("/api/performance"))[1])["connections"]
    return int(sum(there.values()))


def test_a_server_that_ends_says_so_to_who_waits_and_closes(server: Running) -> None:
    with talking(server) as writer, talking(server) as listener, gate_held(server.db):
        writer.socket.sendall(post("create_task", {"title": "too late"}))
        listener.socket.sendall(post("list_changes", {"since": 1000, "wait": 30}))
        with talking(server) as wire:
            while _open(wire) < 3:
                pass
            assert titles(server) == []
        assert "Traceback" not in server.stop()
        assert server.process.returncode == 0
        head, body = writer.answer()
        assert head.startswith(b"HTTP/1.1 503 ")
        assert re.search(rb"(?i)\r\nretry-after: 1\r\n", head)
        assert json.loads(body)["code"] == "busy"
        assert b'"rows":[],"next":"1000"' in listener.answer()[1]
        assert (writer.socket.recv(1), listener.socket.recv(1)) == (b"", b"")


def test_an_answer_that_comes_later_is_compressed_as_any_other(server: Running) -> None:
    with talking(server) as wire:
        told(wire.ask(post("create_tasks", {"tasks": [{"title": "y" * 200}] * 20})))
        for request in (post("list_tasks", {}, "Accept-Encoding: gzip"), get("/api/tasks", "Accept-Encoding: gzip")):
            for _ in range(3):
                head, body = wire.ask(request)
                assert b"content-encoding: gzip\r\n" in head
                assert body.startswith(b"\x1f\x8b")
