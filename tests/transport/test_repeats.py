"""Messages that come again: what is known of one is true of another only if nothing but the id differs."""

import json

import pytest
from pydantic_core import from_json

from kanban_mcp.app import App
from kanban_mcp.transport.wire.recognition import Asker, request_in
from kanban_mcp.transport.wire.repeats import KEPT_CALLS, PlainCall, Repeats


@pytest.fixture
def plain(app: App) -> PlainCall:
    """Some call."""
    return PlainCall(app.catalog["get_task"].call({"task_id": 1}), Asker("ann"))


def learn(repeats: Repeats, message: str, call: PlainCall) -> None:
    """Show a message, as it is shown when it was parsed."""
    request = request_in(from_json(message))
    assert request is not None
    repeats.keep(message.encode(), request, call)


@pytest.mark.parametrize(
    "message",
    [
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_task"}}',
        '{"method":"tools/call","params":{"name":"get_task","arguments":{"text":"\\"id\\":1,"}},"jsonrpc":"2.0","id":1}',
    ],
)
def test_a_message_is_known_again_by_all_but_its_id(message: str, plain: PlainCall) -> None:
    repeats = Repeats()
    learn(repeats, message, plain)
    for number in (1, 0, 7, 12345, 10**14):
        again = message.replace('"id":1', f'"id":{number}').replace('"id": 1', f'"id": {number}')
        assert from_json(again)["id"] == number
        assert repeats.find(again.encode()) == (number, plain)


@pytest.mark.parametrize(
    "changed",
    [
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":2}}}',
        '{"jsonrpc":"2.0","id":01,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","id":-1,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","id":1e3,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","id":"1","method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","id":true,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}} ',
    ],
)
def test_a_message_that_differs_in_more_is_parsed(changed: str, plain: PlainCall) -> None:
    repeats = Repeats()
    learn(
        repeats,
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_task","arguments":{"task_id":1}}}',
        plain,
    )
    assert repeats.find(changed.encode()) is None


@pytest.mark.parametrize(
    "message",
    [
        # What looks like the id is another's, and the number is the same by chance.
        '{"jsonrpc":"2.0","id" : 1,"method":"tools/call","params":{"name":"x","arguments":{"id":1}}}',
        '{"params":{"name":"x","arguments":{"id":1}},"jsonrpc":"2.0","id":1,"method":"tools/call"}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{},"id":1}',
        '{"jsonrpc":"2.0","id":"1","method":"tools/call","params":{"name":"x"}}',
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x" * 2000}}),
    ],
)
def test_a_message_whose_id_is_not_sure_or_that_is_long_is_not_kept(message: str, plain: PlainCall) -> None:
    repeats = Repeats()
    learn(repeats, message, plain)
    assert repeats.find(message.encode()) is None


def test_no_more_are_kept_than_there_is_room_for(plain: PlainCall) -> None:
    repeats = Repeats()
    messages = [f'{{"jsonrpc":"2.0","id":1,"method":"m{number}"}}' for number in range(KEPT_CALLS + 1)]
    for message in messages:
        learn(repeats, message, plain)
    assert [repeats.find(message.encode()) for message in (messages[0], messages[-1])] == [None, (1, plain)]
