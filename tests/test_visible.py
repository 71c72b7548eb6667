"""What leaves the server hides nothing and reads as it is stored."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanban_mcp.answers import answer, problem
from kanban_mcp.app import App
from kanban_mcp.errors import Conflict
from kanban_mcp.visible import visible
from tests.conftest import Call, Refused

ORDINARY = [
    "plain text, with a\ttab and\r\nlines",
    "Grüße, ñ, 日本語, Ελληνικά",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 a family",
    "\u2764\ufe0f\u200d\U0001f525 a heart on fire, \U0001f44d\U0001f3fd, 1\ufe0f\u20e3, \U0001f1e9\U0001f1ea",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f England",
    "\U0001f3f4\u200d\u2620\ufe0f pirates",
    "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joiner that keeps letters apart
    "\u05e9\u05dc\u05d5\u05dd!\u200f \u05e2\u05d5\u05dc\u05dd \u200eabc",  # Hebrew, with marks
    "\u0915\u094d\u200d\u0937",  # Hindi, with a joiner
    "\u845b\U000e0100\u98fe",  # an ideograph in a chosen form
]
HIDING = {
    "pay \u202ebob\u202c": "pay \ufffdbob\ufffd",
    "a\u2066b\u2069c": "a\ufffdb\ufffdc",
    "ig\u200bnore": "ig\ufffdnore",
    "x\U000e0049\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065y": "x\ufffdy",
    "\U0001f3f4\U000e0049\U000e0067": "\U0001f3f4\ufffd",
    "\U0001f600\ufe00\ufe01\ufe02\ufe0f": "\U0001f600\ufffd",
    "\U0001f600\U000e0110\U000e0111": "\U0001f600\ufffd",
    "red\x1b[31m": "red\ufffd[31m",
    "a\x9bb\x7fc": "a\ufffdb\ufffdc",
    "\ufeffa\u00adb\u3164c": "\ufffda\ufffdb\ufffdc",
    "a\u200db\u200fc": "a\ufffdb\ufffdc",
    "a\u2028b": "a\ufffdb",
}


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_writing_of_all_scripts_and_emoji_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", HIDING)
def test_what_hides_or_turns_text_is_shown_as_one_replacement(text: str) -> None:
    assert visible(text) == HIDING[text]


@given(st.text())
def test_what_is_shown_is_never_changed_by_showing_it_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


VALUES = st.recursive(
    st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner)
)


@given(VALUES)
def test_values_and_text_of_an_answer_say_the_same(value: Any) -> None:
    said = answer({"value": value})
    assert json.loads(said.text) == said.value


async def test_stored_text_stays_as_it_was_written_and_every_answer_shows_it_neutralised(
    app: App, call: Call, board: dict[str, Any]
) -> None:
    hidden = "Ship it\U000e0049\U000e0067 now"
    await call("create_task", title=hidden, description="a\u202eb", acceptance=["\u200bx"], status="todo")
    await call("add_note", task_id=1, content="see\u2066this\u2069 note")
    shown = "Ship it\ufffd now"
    for operation, arguments in (
        ("get_task", {"task_id": 1}),
        ("list_tasks", {}),
        ("get_board", {}),
        ("list_changes", {"task_id": 1}),
        ("search", {"query": "ship"}),
        ("list_ready", {}),
        ("claim_next", {}),
    ):
        text = json.dumps(await call(operation, **arguments), ensure_ascii=False)
        assert shown in text, operation
        assert visible(text) == text, operation
    with app.database.reading():
        assert app.database.value("test", "select title from tasks where id = 1") == hidden


async def test_errors_show_what_users_wrote_neutralised(app: App, call: Call, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": "dig\u202e"}, {"title": "plant", "depends_on": ["$0"]}])
    with pytest.raises(Conflict) as caught:
        await call("claim_next", task_id=2)
    assert "(dig\ufffd, backlog)" in problem(caught.value).value["message"]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_board", {"name": "Pl\u200ban"}),
        ("create_tag", {"tag": "a\u202eb"}),
        ("create_task", {"title": "x", "tags": ["\U000e0041"]}),
        ("create_task", {"title": "x", "assignee": "bob\u2060"}),
    ],
)
async def test_a_name_that_would_not_be_shown_as_it_is_stored_is_refused(
    board: dict[str, Any], refused: Refused, operation: str, arguments: dict[str, Any]
) -> None:
    error = await refused(operation, **arguments)
    assert (error.code, "cannot be seen" in error.message) == ("invalid", True)


async def test_what_is_found_tells_who_wrote_it_and_when(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="Draw the map")
    await call("add_note", "bob", task_id=1, content="The map is A3")
    found = await call("search", query="map")
    hits = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    assert {(hit["kind"], hit["author"], hit["on"]) for hit in hits} == {
        ("task", "ann", "2026-01-01"),
        ("note", "bob", "2026-01-01"),
    }
