"""The stdio transport over real pipes, with a server of its own: what comes and goes, and when the process ends."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal, Self

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import TextContent

PATIENCE = 60
"""Seconds after which a server that does not answer hangs."""
LIMIT = 8 * 1024 * 1024

TOY = """
import os, subprocess, sys
import anyio
from contextlib import asynccontextmanager
from mcp import types
from mcp.server.lowlevel import Server
from kanban_mcp.transport.stdio import stdio

def say(text):
    os.write(2, text.encode() + b"\\n")

@asynccontextmanager
async def lifespan(server):
    say("opened")
    yield
    say("closed")

async def list_tools(context, params):
    return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema={"type": "object"})])

async def call_tool(context, params):
    arguments = params.arguments or {}
    text = arguments.get("text", "")
    if params.name == "big":
        text = "x" * 16_384
    if params.name == "slow":
        say("begun")
        await anyio.to_thread.run_sync(sum, range(10_000_000))
    if params.name == "forever":
        say("waiting")
        try:
            await anyio.sleep_forever()
        finally:
            say("cancelled")
    if params.name == "noisy":
        print("stray print", flush=True)
        os.write(1, b"stray write\\n")
        subprocess.run(["echo", "stray child"])
        text = repr(subprocess.run(["cat"], stderr=subprocess.PIPE).returncode)
    return types.CallToolResult(content=[types.TextContent(text=text)])

for name, value in zip(sys.argv[1::2], sys.argv[2::2]):
    assert hasattr(stdio, name)
    setattr(stdio, name, float(value))
toy = Server("toy", version="1", lifespan=lifespan, on_list_tools=list_tools, on_call_tool=call_tool)
anyio.run(stdio.serve, lambda: toy)
"""
PARENT = """
import signal, subprocess, sys
subprocess.Popen(sys.argv[1:])
signal.pause()
"""


def line(method: str, request: int | str | None = None, **params: Any) -> bytes:
    """A message; a request where it has an id."""
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message if request is None else {**message, "id": request}).encode() + b"\n"


def call(request: int | str, tool: str = "echo", **arguments: Any) -> bytes:
    return line("tools/call", request, name=tool, arguments=arguments)


CLIENT = {"name": "pytest", "version": "1"}
INITIALIZE = line("initialize", 0, protocolVersion="2025-11-25", capabilities={}, clientInfo=CLIENT)
HELLO = INITIALIZE + line("notifications/initialized")
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
PROBE = line("server/discover", "probe", _meta=ENVELOPE)


def readable(stream: IO[bytes] | None) -> bytes:
    """What comes next from a pipe, nothing at its end."""
    assert stream
    ready, _, _ = select.select([stream], [], [], PATIENCE)
    assert ready, "the server hangs"
    return os.read(stream.fileno(), 1 << 20)


class Toy:
    """A server process, and our ends of its pipes."""

    def __init__(self, *constants: str, stdin: Any = subprocess.PIPE, stdout: Any = subprocess.PIPE) -> None:
        command = [sys.executable, "-c", TOY, *constants]
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, bufsize=0)
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self._rest = b""
        self._said = b""

    def write(self, data: bytes) -> None:
        assert self.stdin
        view = memoryview(data)
        while view:
            view = view[self.stdin.write(view) :]

    def answer(self) -> dict[str, Any]:
        """The next message of the server."""
        while b"\n" not in self._rest:
            data = readable(self.stdout)
            assert data, f"the server ended and said {self.ending()}"
            self._rest += data
        first, _, self._rest = self._rest.partition(b"\n")
        message: dict[str, Any] = json.loads(first)
        return message

    def ask(self, data: bytes) -> dict[str, Any]:
        self.write(data)
        return self.answer()

    def hear(self, text: str) -> None:
        """Wait until the server has said something on stderr."""
        while text not in self._said.decode().split("\n"):
            data = readable(self.process.stderr)
            assert data, f"the server ended and said {self._said!r}"
            self._said += data

    def ending(self) -> list[str]:
        """All that the server has said on stderr when it has ended."""
        while data := readable(self.process.stderr):
            self._said += data
        return self._said.decode().split()

    def peak_memory(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (peak,) = (row.split()[1] for row in status.splitlines() if row.startswith("VmHWM"))
        return int(peak) * 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.stdin, self.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Toy]:
    """A greeted server for tests after which it goes on."""
    with Toy() as toy:
        toy.ask(HELLO)
        yield toy


def text_of(answer: dict[str, Any]) -> str:
    text: str = answer["result"]["content"][0]["text"]
    return text


# Lines that are no messages


@pytest.mark.parametrize(
    ("data", "code", "request_id"),
    [
        (b'{"jsonrpc": "2.0", "id": 1, "method"', -32700, None),
        (b"nonsense", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"jsonrpc": "2.0", "id": 2, "method": "ping", "params": {"a": "\\ud83d"}}', -32700, 2),
        (b'{"jsonrpc": "2.0", "id": "x3", "method": "ping", "params": {"a": "\xff"}}', -32700, "x3"),
        (b'{"jsonrpc": "2.0", "id": "\\ud83d", "method": "ping"}', -32700, None),
        (b'[{"jsonrpc": "2.0", "id": 4, "method": "ping"}]', -32600, None),
        (b"5", -32600, None),
        (b"null", -32600, None),
        (b'{"jsonrpc": "2.0", "id": 6}', -32600, 6),
        (b'{"jsonrpc": "1.0", "id": 7, "method": "ping"}', -32600, 7),
        (b'{"jsonrpc": "2.0", "id": 8, "method": "ping", "params": []}', -32600, 8),
        ('{"jsonrpc": "2.0", "id": "é", "method": 9}'.encode(), -32600, "é"),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": 9}', -32600, None),
    ],
)
def test_a_line_that_is_no_message_is_answered_and_the_next_is_served(
    shared: Toy, data: bytes, code: int, request_id: int | str | None
) -> None:
    answer = shared.ask(data + b"\n")
    assert (answer["error"]["code"], answer["id"]) == (code, request_id)
    assert text_of(shared.ask(call(10, text="next"))) == "next"


def test_blank_lines_are_not_answered(shared: Toy) -> None:
    assert shared.ask(b"\n  \r\n\t\n" + call(11))["id"] == 11


def test_lines_may_come_in_pieces_and_several_at_once(shared: Toy) -> None:
    second = call(13, text="whole")
    assert shared.ask(call(12) + second[:20])["id"] == 12
    assert text_of(shared.ask(second[20:])) == "whole"


def test_text_that_is_not_ascii_comes_back_as_it_was_sent(shared: Toy) -> None:
    text = "naïve 日本 🚀 \u2028"
    data = json.dumps(
        {"jsonrpc": "2.0", "id": 14, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": text}}},
        ensure_ascii=False,
    )
    assert text_of(shared.ask(data.encode() + b"\n")) == text


def test_a_line_that_is_too_long_is_dropped_while_it_comes_in(shared: Toy) -> None:
    before = shared.peak_memory()
    answer = shared.ask(call(16, text="x" * 20_000_000))
    assert (answer["error"]["code"], answer["id"]) == (-32600, None)
    assert str(LIMIT) in answer["error"]["message"]
    assert shared.ask(call(17))["id"] == 17
    assert shared.peak_memory() - before < 1.5 * LIMIT


def test_a_line_may_be_as_long_as_the_limit_and_no_longer(shared: Toy) -> None:
    text = "x" * (LIMIT - len(call(15, text="")) + 1)
    assert text_of(shared.ask(call(15, text=text))) == text
    assert shared.ask(call(15, text=text + "x"))["error"]["code"] == -32600


# Eras


@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
async def test_the_sdks_client_is_served_in_each_era(mode: Literal["auto", "legacy"], version: str) -> None:
    toy = StdioServerParameters(command=sys.executable, args=["-c", TOY])
    async with Client(toy, mode=mode, read_timeout_seconds=PATIENCE) as client:
        result = await client.call_tool("echo", {"text": "hello"})
        assert client.protocol_version == version
        assert [content.text for content in result.content if isinstance(content, TextContent)] == ["hello"]


def test_a_client_that_probed_may_fall_back_to_the_handshake() -> None:
    with Toy() as toy:
        assert toy.ask(PROBE)["result"]["supportedVersions"]
        assert toy.ask(PROBE)["id"] == "probe"
        assert toy.ask(HELLO)["result"]["protocolVersion"] == "2025-11-25"
        assert text_of(toy.ask(call(1, text="legacy"))) == "legacy"


def test_a_client_that_probed_may_go_on_in_the_newer_era() -> None:
    with Toy() as toy:
        assert "result" in toy.ask(PROBE)
        answer = toy.ask(line("tools/call", 1, name="echo", arguments={"text": "modern"}, _meta=ENVELOPE))
        assert (text_of(answer), answer["result"]["resultType"]) == ("modern", "complete")
        assert toy.ask(INITIALIZE)["error"]["code"] == -32022


# What else writes and reads


def test_nothing_but_protocol_reaches_the_client() -> None:
    with Toy() as toy:
        toy.ask(HELLO)
        assert text_of(toy.ask(call(1, "noisy"))) == "0"
        assert toy.ask(call(2))["id"] == 2
        for stray in ("stray print", "stray write", "stray child"):
            toy.hear(stray)


# Flow


def test_all_that_was_asked_is_answered_when_stdin_ends() -> None:
    asked = range(1, 3001)
    with Toy() as toy:
        data = PROBE + HELLO + b"".join(call(number) for number in asked[:-1]) + call(asked[-1], "slow").rstrip()
        output, errors = toy.process.communicate(data, timeout=PATIENCE)
        answers = [json.loads(row) for row in output.splitlines()]
        assert sorted(answer["id"] for answer in answers[2:]) == list(asked)
        assert all("result" in answer for answer in answers)
        assert toy.process.returncode == 0
        assert errors == b"opened\nbegun\nclosed\n"


def test_answers_wait_for_a_client_that_pauses_in_reading() -> None:
    with Toy("GRACE_SECONDS", "0.1") as toy:
        toy.write(HELLO + b"".join(call(number, "big") for number in range(1, 31)))
        assert toy.stdin
        toy.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            toy.process.wait(0.5)
        assert [toy.answer()["id"] for _ in range(31)] == list(range(31))
        assert toy.process.wait(PATIENCE) == 0


def test_a_client_that_reads_nothing_is_read_no_more() -> None:
    with Toy() as toy:
        toy.ask(HELLO)
        before, taken = toy.peak_memory(), 0
        assert toy.stdin
        while taken < 10_000 and select.select([], [toy.stdin], [], 0.5)[1]:
            taken += 1
            toy.write(call(taken, "big"))
        assert taken < 10_000
        assert toy.peak_memory() - before < 32 * 1024 * 1024
        assert {toy.answer()["id"] for _ in range(taken)} == set(range(1, taken + 1))


# Other things than pipes


def test_one_socket_may_be_both_ends() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Toy(stdin=theirs, stdout=theirs) as toy, ours.makefile("rb") as answers:
        ours.settimeout(PATIENCE)
        for number in range(1, 4):
            ours.sendall(HELLO + call(number) if number == 1 else call(number))
            assert [json.loads(answers.readline())["id"] for _ in range(1 + (number == 1))][-1] == number
        ours.shutdown(socket.SHUT_WR)
        assert toy.process.wait(PATIENCE) == 0


def test_files_may_be_both_ends(tmp_path: Path) -> None:
    requests, answers = tmp_path / "requests", tmp_path / "answers"
    requests.write_bytes(HELLO + b"".join(call(number, text="x" * 1000) for number in range(1, 501)))
    with requests.open("rb") as stdin, answers.open("wb") as stdout, Toy(stdin=stdin, stdout=stdout) as toy:
        assert toy.process.wait(PATIENCE) == 0
    assert [json.loads(row)["id"] for row in answers.read_bytes().splitlines()] == list(range(501))


def test_a_terminal_may_be_both_ends() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    with Toy(stdin=theirs, stdout=theirs) as toy, os.fdopen(ours, "r+b", 0) as terminal:
        os.close(theirs)
        toy.stdout = terminal
        terminal.write(HELLO + call(1))
        assert [toy.answer()["id"] for _ in range(2)] == [0, 1]
        terminal.close()
        assert toy.process.wait(PATIENCE) == 0


# The end


@pytest.mark.parametrize(
    ("how", "unread"), [("eof", 0), ("broken stdout", 0), ("SIGTERM", 30), ("SIGINT", 0), ("SIGHUP", 0)]
)
def test_the_process_is_gone_soon_even_amid_a_call(how: str, unread: int) -> None:
    # Two seconds are promised; a machine that is busy with other tests may need another try, and where that is not
    # enough, as much more as a process takes there that ends with nothing to wait for.
    assert any((took := seconds_to_end_amid_a_call(how, unread)) < 2 or took < 2 + seconds_to_end() for _ in range(3))


def seconds_to_end() -> float:
    """How long a process takes to end that has nothing to do."""
    with Toy() as toy:
        toy.ask(HELLO)
        began = time.monotonic()
        toy.process.terminate()
        assert toy.process.wait(PATIENCE) == 0
        return time.monotonic() - began


def seconds_to_end_amid_a_call(how: str, unread: int) -> float:
    """How long a process takes to end that is amid a call, with answers that nobody reads."""
    with Toy() as toy:
        toy.ask(HELLO)
        toy.write(b"".join(call(number, "big") for number in range(unread)) + call("last", "forever"))
        toy.hear("waiting")
        began = time.monotonic()
        assert toy.stdin
        assert toy.stdout
        if how == "eof":
            toy.stdin.close()
        elif how == "broken stdout":
            toy.stdout.close()
        else:
            toy.process.send_signal(signal.Signals[how])
        assert toy.process.wait(PATIENCE) == 0
        seconds = time.monotonic() - began
        assert toy.ending() == ["opened", "waiting", "cancelled", "closed"]
        return seconds


def test_a_call_under_way_is_answered_when_the_server_is_asked_to_end() -> None:
    with Toy() as toy:
        toy.ask(HELLO)
        toy.write(call(1, "slow"))
        toy.hear("begun")
        toy.process.terminate()
        assert "result" in toy.answer()
        assert toy.process.wait(PATIENCE) == 0


def test_a_cancelled_call_holds_up_no_end() -> None:
    with Toy("GRACE_SECONDS", "1000") as toy:
        toy.ask(HELLO)
        toy.write(call(1, "forever") + line("notifications/cancelled", requestId=1))
        toy.hear("cancelled")
        assert toy.stdin
        toy.stdin.close()
        assert toy.process.wait(PATIENCE) == 0


def test_the_process_ends_with_the_one_that_started_it() -> None:
    command = [sys.executable, "-c", PARENT, sys.executable, "-c", TOY]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0) as parent:
        assert parent.stdin
        parent.stdin.write(HELLO)
        assert b'"id":0' in readable(parent.stdout)
        parent.kill()
        began = time.monotonic()
        while readable(parent.stderr):  # at its end no process holds it any more
            pass
        assert (took := time.monotonic() - began) < 2 or took < 2 + seconds_to_end()
