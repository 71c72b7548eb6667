"""Both lanes give the same answers: two boards with the same history, each served by one of them, side by side."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from kanban_mcp.transport.mcp.mcp_server import McpServer
from kanban_mcp.transport.stdio.pipes import Input, Output
from kanban_mcp.transport.stdio.stdio import Conversation
from kanban_mcp.transport.wire.fast_lane import FastLane
from kanban_mcp.transport.wire.introduction import HANDSHAKE_VERSIONS, MODERN_VERSION
from tests.conftest import SettableClock

ERAS = [*HANDSHAKE_VERSIONS, MODERN_VERSION]
CLIENT = {"name": "pytest", "version": "1"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN_VERSION,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
PATIENCE = 60


def written(message: Any) -> bytes:
    """A message as it is sent; bytes are sent as they are."""
    return message if isinstance(message, bytes) else json.dumps(message).encode()


class Talk:
    """One end of a conversation: what is said to the server, and what it says."""

    def __init__(self, said: int, heard: int) -> None:
        self._said = said
        self._heard = heard
        self._rest = b""

    async def say(self, message: Any) -> None:
        """Send a message, or bytes as they are."""
        rest = memoryview(written(message) + b"\n")
        while rest:  # on a thread, since the server that takes it is on this one
            rest = rest[await anyio.to_thread.run_sync(os.write, self._said, rest) :]

    async def hear(self) -> dict[str, Any]:
        """The next message of the server."""
        with anyio.fail_after(PATIENCE):
            while b"\n" not in self._rest:
                await anyio.wait_readable(self._heard)
                self._rest += os.read(self._heard, 1 << 20)
        line, _, self._rest = self._rest.partition(b"\n")
        message: dict[str, Any] = json.loads(line.replace(b"/swift/", b"/sdk/"))
        return message


@asynccontextmanager
async def talk(app: App, *, fast: bool) -> AsyncIterator[Talk]:
    """A conversation with the app, over pipes."""
    (theirs, said), (heard, ours) = os.pipe(), os.pipe()
    lines, output = Input(theirs), Output(ours)
    try:
        async with anyio.create_task_group() as tasks:
            lane = FastLane(app.settings, lambda: app.runner, "stdio") if fast else None
            conversation = Conversation(lambda: McpServer(app), lane, lines, output, tasks)
            ended = anyio.Event()

            async def serve() -> None:
                await conversation.serve()
                ended.set()

            tasks.start_soon(serve)
            yield Talk(said, heard)
            conversation.leave()
            await ended.wait()
    finally:
        output.close()
        for descriptor in (theirs, said, heard, ours):
            os.close(descriptor)


class Pair:
    """Two conversations that are told the same and must answer the same."""

    def __init__(self, swift: Talk, library: Talk) -> None:
        self._both = (swift, library)

    async def both(self, message: Any) -> list[dict[str, Any]]:
        """What each answers."""
        said = []
        for one in self._both:
            await one.say(message)
            said.append(await one.hear())
        return said

    async def ask(self, message: Any) -> dict[str, Any]:
        """What both answer."""
        swift, library = await self.both(message)
        assert swift == library
        return swift

    async def tell(self, message: Any) -> None:
        """What is not answered."""
        for one in self._both:
            await one.say(message)


@asynccontextmanager
async def both(folder: Path, clock: SettableClock) -> AsyncIterator[Pair]:
    """Two servers at the same moment, with a file each; one of them has no fast lane."""
    async with AsyncExitStack() as stack:
        talks = []
        for name, fast in (("swift", True), ("sdk", False)):
            settings = Settings(db=folder / name / "kanban.db", toolsets=("all",), board="Alpha")
            app = stack.enter_context(open_app(settings, clock=clock))
            talks.append(await stack.enter_async_context(talk(app, fast=fast)))
        yield Pair(*talks)


@pytest.fixture
async def pair(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Pair]:
    """The two lanes."""
    async with both(tmp_path, clock) as lanes:
        yield lanes


def request(method: str, number: Any = 1, *, era: str = HANDSHAKE_VERSIONS[-1], **params: Any) -> dict[str, Any]:
    """A request as a client of an era sends it."""
    given = {**params, "_meta": ENVELOPE} if era == MODERN_VERSION else params
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": given}


async def greet(pair: Pair, era: str) -> None:
    """Begin the conversation as clients of an era do."""
    if era == MODERN_VERSION:
        answer = await pair.ask(request("server/discover", era=era))
        assert answer["result"]["supportedVersions"] == [MODERN_VERSION]
    else:
        hello = request("initialize", protocolVersion=era, capabilities={}, clientInfo=CLIENT)
        assert (await pair.ask(hello))["result"]["protocolVersion"] == era
        await pair.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})


def call(operation: str, number: Any = 1, *, era: str, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", number, era=era, name=operation, arguments=arguments)


FEW = [
    {"status": "backlog", "category": "todo"},
    {"status": "todo", "category": "todo"},
    {"status": "doing", "category": "active", "wip_limit": 1},
    {"status": "done", "category": "done"},
]

# A day on a board: every operation, and every refusal there is.
DAY: list[tuple[str, dict[str, Any]]] = [
    ("create_board", {"name": "Alpha", "description": 'Ünïcode, "quotes" and \u202e', "idempotency_key": "k"}),
    ("create_board", {"name": "Alpha", "description": "again", "idempotency_key": "k"}),
    ("create_board", {"name": "Beta"}),
    ("create_board", {"name": "beta"}),
    ("list_boards", {}),
    ("create_task", {"title": "First", "priority": 9, "tags": ["a", "b"], "acceptance": ["one", "[x] two"]}),
    ("create_task", {"title": "x" * 1_000_000}),
    ("create_task", {}),
    ("create_task", {"title": "y", "priority": 99}),
    ("create_task", {"title": "y", "status": "nowhere"}),
    ("create_tasks", {"tasks": [{"title": "Second", "depends_on": [1]}, {"title": "Third", "depends_on": ["$0"]}]}),
    ("get_task", {"task_id": 1}),
    ("get_task", {"task_id": 99}),
    ("get_task", {"task": 1}),
    ("get_task", {"task_id": "1"}),
    ("get_task", {"task_id": 1.5}),
    ("get_task", {"task_id": None}),
    ("list_tasks", {"limit": 2}),
    ("list_tasks", {"limit": 1000}),
    ("list_tasks", {"cursor": "nonsense"}),
    ("search", {"query": 'well-known " POL-358 \u0000'}),
    ("search", {"query": "Second"}),
    ("update_task", {"task_id": 1, "title": "First, renamed"}),
    ("update_task", {"task_id": 1, "title": "Stale", "version": 1}),
    ("move_task", {"task_id": 2, "status": "todo", "before": 3}),
    ("move_task", {"task_id": 2, "status": "todo"}),
    ("link_tasks", {"task_id": 1, "depends_on": 3}),
    ("link_tasks", {"task_id": 3, "depends_on": 1, "kind": "relates"}),
    ("unlink_tasks", {"task_id": 3, "depends_on": 1}),
    ("list_ready", {}),
    ("claim_next", {}),
    ("claim_next", {"idempotency_key": "claim"}),
    ("get_board", {}),
    ("get_board", {"board": "Gamma"}),
    ("complete_task", {"task_id": 1, "lease": 7}),
    ("release_task", {"task_id": 1, "lease": 14, "note": "Half way."}),
    ("claim_next", {}),
    ("add_note", {"task_id": 1, "content": "Found \u202eit", "category": "decision"}),
    ("list_notes", {"task_id": 1}),
    ("update_note", {"note_id": 2, "content": "Found it", "pinned": True}),
    ("complete_task", {"task_id": 1, "lease": 17}),
    ("list_changes", {"since": 0, "limit": 100}),
    ("list_changes", {"since": 10_000}),
    ("get_task_graph", {"task_id": 2}),
    ("create_tag", {"name": "c"}),
    ("update_tag", {"tag": "c", "parent": "a"}),
    ("update_tag", {"tag": "a", "parent": "c"}),
    ("tag_task", {"task_id": 2, "tags": ["c"]}),
    ("untag_task", {"task_id": 2, "tags": ["c"]}),
    ("list_tags", {}),
    ("set_columns", {"columns": [{"status": "todo", "category": "todo", "wip_limit": 1}]}),
    ("set_columns", {"columns": FEW}),
    ("move_task", {"task_id": 3, "status": "doing"}),
    ("move_task", {"task_id": 2, "status": "doing"}),
    ("run_batch", {"calls": [{"operation": "create_task", "arguments": {"title": "Fourth"}}]}),
    ("run_batch", {"calls": [{"operation": "get_task", "arguments": {"task_id": "$9.id"}}]}),
    ("undo", {"since": 20}),
    ("undo", {"since": 5}),
    ("archive_task", {"task_id": 2}),
    ("archive_board", {"board": "Beta"}),
    ("update_board", {"board": "Beta", "name": "Gamma"}),
    ("update_board", {"description": "Plain"}),
    ("get_board_stats", {}),
    ("delete_note", {"note_id": 1}),
    ("delete_task", {"task_id": 2, "confirm": True}),
    ("delete_tag", {"tag": "c", "confirm": True}),
    ("delete_board", {"board": "Beta", "confirm": True}),
    ("invalidate_cache", {"pattern": "*" * 10_000}),
    ("invalidate_cache", {"pattern": "board:*"}),
    ("profile", {"seconds": 9999}),
    ("no_such_operation", {}),
]


@pytest.mark.parametrize("era", ERAS)
async def test_every_operation_and_every_refusal_is_answered_the_same(pair: Pair, era: str) -> None:
    await greet(pair, era)
    codes = set()
    for number, (operation, arguments) in enumerate(DAY):
        answer = (await pair.ask(call(operation, number, era=era, **arguments)))["result"]
        assert json.loads(answer["content"][0]["text"]) == answer["structuredContent"]
        if answer["isError"]:
            codes.add(answer["structuredContent"]["code"])
    assert codes >= {"not_found", "conflict", "stale_version", "would_cycle", "wip_limit", "held", "invalid"}


@pytest.mark.parametrize("era", [HANDSHAKE_VERSIONS[-1], MODERN_VERSION])
async def test_what_tells_of_times_and_files_has_the_same_parts(pair: Pair, app: App, era: str) -> None:
    await greet(pair, era)
    done = {operation for operation, _ in DAY}
    for name in sorted({operation.name for operation in app.catalog} - done):
        swift, library = await pair.both(call(name, era=era))
        assert swift.keys() == library.keys()
        assert swift["result"].keys() == library["result"].keys()
        assert swift["result"]["structuredContent"].keys() == library["result"]["structuredContent"].keys(), name


@pytest.mark.parametrize("era", ERAS)
async def test_what_clients_begin_with_is_answered_the_same(pair: Pair, era: str) -> None:
    await greet(pair, era)
    for method in ("tools/list", "ping", "server/discover", "resources/templates/list", "prompts/list", "no/such"):
        await pair.ask(request(method, method, era=era))


UNUSUAL: list[dict[str, Any]] = [
    {"name": "list_boards"},
    {"name": "list_boards", "arguments": None},
    {"name": "list_boards", "arguments": [1]},
    {"name": "list_boards", "arguments": "x"},
    {"name": 5},
    {"arguments": {}},
    {"name": "list_boards", "extra": 1},
    {"name": "list_boards", "_meta": {}},
    {"name": "list_boards", "_meta": {"progressToken": 7}},
    {"name": "list_boards", "_meta": 7},
    {"name": "list_boards", "task": {"ttl": 5}},
]


class Odd(NamedTuple):
    """Arguments of create_task as they are written, and what both lanes make of them: the title, or words of a refusal.

    `before` stands before the message.
    """

    arguments: bytes
    title: str = ""
    says: str = ""
    before: bytes = b""

    def message(self, era: str) -> bytes:
        """The whole call."""
        sent = json.dumps(request("tools/call", era=era, name="create_task", arguments="as written")).encode()
        return self.before + sent.replace(b'"as written"', self.arguments)

    def check(self, answer: dict[str, Any]) -> None:
        """Whether it was answered so."""
        said = answer["error"] if "error" in answer else answer["result"]["structuredContent"]
        if self.title:
            assert said["title"] == self.title
        else:
            assert self.says in said["message"]


NO_OBJECT = [b"[1]", b'"x"', b"5", b"true"]
ODD_JSON = {
    "a key twice": Odd(b'{"title": "first", "title": "last"}', "last"),
    "a byte order mark": Odd(b'{"title": "marked"}', "marked", before=b"\xef\xbb\xbf"),
    "a pair of surrogates": Odd(b'{"title": "\\ud83d\\ude00"}', "\U0001f600"),
    "the first half of a pair": Odd(b'{"title": "a\\ud83d"}', says="unexpected end of hex escape"),
    "the second half of a pair": Odd(b'{"title": "\\ude00"}', says="lone leading surrogate"),
    "no number": Odd(b'{"title": "x", "priority": NaN}', says="priority: Input should be a finite number"),
    "no number for text": Odd(b'{"title": NaN}', says="title: Input should be a valid string"),
    "an infinite number": Odd(b'{"title": "x", "priority": -Infinity}', says="finite number"),
    "a number beyond all": Odd(b'{"title": "x", "priority": 1e999}', says="finite number"),
    "bytes that are not UTF-8": Odd(b'{"title": "\xff"}', says="not JSON in UTF-8"),
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("arguments", NO_OBJECT)
async def test_who_sends_arguments_that_are_no_object_is_told_that_they_must_be(
    pair: Pair, era: str, arguments: bytes
) -> None:
    await greet(pair, era)
    error = (await pair.ask(Odd(arguments).message(era)))["error"]
    assert error["code"] == -32602
    assert error["message"] == "Invalid request parameters: params.arguments must be an object."


@pytest.mark.parametrize("era", ERAS)
async def test_odd_json_is_taken_or_refused_by_both(pair: Pair, era: str) -> None:
    await greet(pair, era)
    await pair.ask(call("create_board", era=era, name="Alpha"))
    for odd in ODD_JSON.values():
        odd.check(await pair.ask(odd.message(era)))
    twice = b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "tools/list", "method": "no/such"}'
    assert (await pair.ask(twice))["id"] == 2


PAGES = {"mimeTypes": ["text/html;profile=mcp-app"]}
EXTENSIONS: list[dict[str, Any]] = [
    {"io.modelcontextprotocol/ui": PAGES},
    {"io.modelcontextprotocol/ui": PAGES, "org.example/other": {"x": [1, None]}},
    {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html"]}},
    {"io.modelcontextprotocol/ui": {"mimeTypes": "text/html;profile=mcp-app"}},
    {"io.modelcontextprotocol/ui": {}},
    {"no prefix": {}},
    {},
]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("extensions", EXTENSIONS)
async def test_clients_with_extensions_are_answered_the_same(pair: Pair, era: str, extensions: dict[str, Any]) -> None:
    capabilities = {"extensions": extensions}
    hello = request("initialize", protocolVersion=era, capabilities=capabilities, clientInfo=CLIENT)
    envelope = {**ENVELOPE, "io.modelcontextprotocol/clientCapabilities": capabilities}
    if era != MODERN_VERSION:
        await pair.ask(hello)
        await pair.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for method, params in (
        ("tools/list", {}),
        ("tools/call", {"name": "list_boards"}),
        ("tools/call", {"name": "show_board"}),
        ("server/discover", {}),
    ):
        sent = request(method, method, era=era, **params)
        if era == MODERN_VERSION:
            sent["params"]["_meta"] = envelope
        await pair.ask(sent)


@pytest.mark.parametrize("era", ERAS)
async def test_unusual_calls_are_answered_the_same(pair: Pair, era: str) -> None:
    await greet(pair, era)
    for number, params in enumerate(UNUSUAL):
        sent = request("tools/call", number, era=era, **params)
        if era == MODERN_VERSION and "_meta" in params:
            meta = {**ENVELOPE, **params["_meta"]} if isinstance(params["_meta"], dict) else params["_meta"]
            sent["params"]["_meta"] = meta
        await pair.ask(sent)
    for changed in (
        {"id": "text"},
        {"id": 2**70},
        {"id": -1},
        {"id": ""},
        {"jsonrpc": "1.0"},
        {"id": 1.5},
        {"extra": 1},
    ):
        await pair.ask({**request("tools/call", era=era, name="list_boards"), **changed})


async def test_unusual_greetings_are_answered_the_same(tmp_path: Path, clock: SettableClock) -> None:
    greetings: list[dict[str, Any]] = [
        {"protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"roots": {"listChanged": True}}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {"form": {}}}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"roots": {"listChanged": "x"}}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"new": {"x": [1]}}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": [], "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"extensions": {"a/b": 1}}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"extensions": []}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {"extensions": None}, "clientInfo": CLIENT},
        {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x"}},
        {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {**CLIENT, "icons": []}},
        {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": 5},
        {"protocolVersion": 5, "capabilities": {}, "clientInfo": CLIENT},
        {"protocolVersion": MODERN_VERSION, "capabilities": {}, "clientInfo": CLIENT},
        {},
    ]
    for number, params in enumerate(greetings):
        async with both(tmp_path / str(number), clock) as pair:
            await pair.ask(request("initialize", **params))
            await pair.ask(call("list_boards", era=HANDSHAKE_VERSIONS[0]))
            await pair.ask(request("initialize", **params))
            await pair.ask(request("tools/list", era=MODERN_VERSION))


@pytest.mark.parametrize("era", ERAS)
async def test_notices_that_make_no_sense_end_nothing(pair: Pair, era: str) -> None:
    await greet(pair, era)
    strange: list[Any] = [{}, [1], None, 1.5, True]
    for named in strange:
        params = {"requestId": named}
        await pair.tell({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
        await pair.tell({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
        await pair.ask(request("tools/list", era=era))


@pytest.mark.parametrize("first", ["tools/list", "tools/call", "ping", "resources/list", "server/discover"])
@pytest.mark.parametrize("opening", [HANDSHAKE_VERSIONS[-1], MODERN_VERSION])
async def test_the_first_request_decides_the_era_the_same(pair: Pair, opening: str, first: str) -> None:
    params = {"name": "list_boards", "arguments": {}} if first == "tools/call" else {}
    await pair.ask(request(first, era=opening, **params))
    await pair.ask(call("list_boards", era=MODERN_VERSION))
    await pair.ask(call("list_boards", era=HANDSHAKE_VERSIONS[-1]))
    hello: dict[str, Any] = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": CLIENT}
    await pair.ask(request("initialize", **hello))
    await pair.ask(request("resources/templates/list", era=MODERN_VERSION))
    await pair.ask(request("tools/list", era=HANDSHAKE_VERSIONS[-1]))
    await pair.ask(request("prompts/list", era=HANDSHAKE_VERSIONS[-1]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=6,
)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["list_boards", "get_task", "nope"]) | JSON,
        "arguments": st.fixed_dictionaries({}, optional={"task_id": JSON, "limit": JSON}) | JSON,
        "_meta": st.fixed_dictionaries({}, optional={name: JSON | st.just(value) for name, value in ENVELOPE.items()})
        | JSON,
        "extra": JSON,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | JSON, "id": st.integers() | st.text(max_size=5)},
    optional={
        "method": st.sampled_from(["tools/call", "tools/list", "ping", "server/discover", "initialize"]) | JSON,
        "params": PARAMS | JSON,
    },
)


@pytest.mark.parametrize("era", [HANDSHAKE_VERSIONS[-1], MODERN_VERSION])
@trials(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGES, min_size=20, max_size=40))
async def test_any_message_is_answered_the_same(
    tmp_path: Path, clock: SettableClock, era: str, messages: list[dict[str, Any]]
) -> None:
    async with both(Path(mkdtemp(dir=tmp_path)), clock) as pair:
        await greet(pair, era)
        for message in messages:
            await pair.ask(message)
