"""Calls as spans of OpenTelemetry, kept by an exporter in memory, and printed by one on a terminal."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.conftest import SettableClock
from tests.http.conftest import PATIENCE, answering, serving
from tests.transport.clients import ERAS, Era

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


class Spans:
    """What was collected."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def ours(self) -> list[ReadableSpan]:
        """The spans of calls, oldest first."""
        return [span for span in self.all() if (span.attributes or {}).get("kanban.operation")]

    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """A provider that is there before the server is, for one test: the API takes one for good."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr("mcp.shared._otel._tracer", provider.get_tracer("mcp-python-sdk"))
    yield Spans(exporter)
    provider.shutdown()


@pytest.fixture
def traced(spans: Spans, db: Path, clock: SettableClock) -> Iterator[App]:
    """An app whose calls are collected."""
    with open_app(Settings(db=db, toolsets=("all",)), clock=clock) as app:
        yield app


@pytest.fixture
def server(traced: App) -> Iterator[str]:
    """The address of a server over it; `client` of conftest is a client of that."""
    with serving(traced) as url:
        yield url


def told(span: ReadableSpan) -> tuple[str, dict[str, Any], StatusCode]:
    return span.name, dict(span.attributes or {}), span.status.status_code


def named(context: SpanContext | None) -> tuple[str, str]:
    """Trace and span, as `traceparent` has them."""
    return ("", "") if context is None else (f"{context.trace_id:032x}", f"{context.span_id:016x}")


async def test_each_call_is_a_span_that_tells_what_it_was_and_how_it_ended(
    client: httpx2.AsyncClient, spans: Spans
) -> None:
    await client.post("/api/boards", json={"name": "Secret"})
    await client.get("/api/boards/1")
    await client.get("/api/tasks/77")
    attributes = {"kanban.transport": "rest"}
    assert [told(span) for span in spans.ours()] == [
        ("create_board", {"kanban.operation": "create_board", **attributes}, StatusCode.UNSET),
        ("get_board", {"kanban.operation": "get_board", **attributes}, StatusCode.UNSET),
        (
            "get_task",
            {"kanban.operation": "get_task", **attributes, "error.type": "not_found"},
            StatusCode.ERROR,
        ),
    ]
    for span in spans.ours():
        assert span.kind is SpanKind.SERVER
        assert span.parent is None
        assert span.start_time is not None
        assert span.end_time is not None
        assert 0 < span.end_time - span.start_time < PATIENCE * 1e9


async def test_spans_hold_nothing_that_callers_wrote(client: httpx2.AsyncClient, server: str, spans: Spans) -> None:
    await client.post("/api/boards", json={"name": "secret"})
    await client.post("/api/tasks", json={"title": "secret", "secret": 1})
    await client.get("/api/search?query=secret")
    async with Client(f"{server}/mcp") as mcp:
        await mcp.call_tool("secret", {"secret": "secret"})
    assert [span.name for span in spans.ours()] == ["create_board", "create_task", "search", "unknown"]
    assert "secret" not in "".join(span.to_json() for span in spans.ours())


async def test_a_request_with_a_traceparent_is_part_of_that_trace(client: httpx2.AsyncClient, spans: Spans) -> None:
    await client.post("/api/boards", json={"name": "Plan"}, headers={"traceparent": TRACEPARENT})
    await client.get("/api/boards/1", headers={"traceparent": TRACEPARENT})
    await client.get("/api/boards/1", headers={"traceparent": "nonsense"})
    await client.get("/api/boards/1")
    assert [named(span.parent) for span in spans.ours()] == [(TRACE, PARENT), (TRACE, PARENT), ("", ""), ("", "")]
    assert {span.kind for span in spans.ours()} == {SpanKind.SERVER}


@pytest.mark.parametrize("mode", ERAS)
async def test_a_call_over_mcp_is_below_the_span_of_the_agent_that_made_it(
    server: str, spans: Spans, mode: Era
) -> None:
    """The SDK's clients name their span in `_meta`, and the SDK's server makes one of the request."""
    with trace.get_tracer("agent").start_as_current_span("think") as thought:
        async with Client(f"{server}/mcp", mode=mode) as mcp:
            await mcp.call_tool("list_boards", {})
    (call,) = spans.ours()
    (request,) = [span for span in spans.all() if named(span.context) == named(call.parent)]
    assert (request.name, request.kind, call.kind) == ("tools/call list_boards", SpanKind.SERVER, SpanKind.INTERNAL)
    assert named(call.context)[0] == named(request.context)[0] == named(thought.get_span_context())[0]


async def test_a_plain_call_over_mcp_is_part_of_the_trace_that_the_header_names(
    client: httpx2.AsyncClient, spans: Spans
) -> None:
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    asked = {"name": "list_boards", "arguments": {}, "_meta": meta}
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "list_boards",
        "traceparent": TRACEPARENT,
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
    assert (await client.post("/mcp", json=message, headers=headers)).status_code == 200
    (call,) = spans.all()
    assert (call.name, named(call.parent), call.kind) == ("list_boards", (TRACE, PARENT), SpanKind.SERVER)


async def test_without_a_collector_nothing_but_the_monitor_hears_of_calls(app: App) -> None:
    assert app.watch.tracing is None
    assert app.runner.on_call == app.watch.calls.observe


def test_the_command_that_collects_prints_spans(db: Path) -> None:
    """As the page on keeping a server running has it, with an exporter that needs no other program."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    program = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    command = [program, sys.executable, "-m", "kanban_mcp", "serve", "--port", str(port), "--db", str(db)]
    env = {
        **os.environ,
        "OTEL_TRACES_EXPORTER": "console",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as child:
        try:
            answering(port, child)
            assert httpx2.get(f"http://127.0.0.1:{port}/api/boards", headers={"traceparent": TRACEPARENT}).is_success
        finally:
            child.send_signal(signal.SIGTERM)
        printed, _ = child.communicate(timeout=PATIENCE)
    (span,) = [json.loads(text) for text in re.findall(r"^\{$.*?^\}$", printed.decode(), re.MULTILINE | re.DOTALL)]
    assert (span["name"], span["parent_id"]) == ("list_boards", f"0x{PARENT}")
