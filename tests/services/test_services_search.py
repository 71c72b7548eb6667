"""Finding tasks and notes by words."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kanban_mcp.app import App
from kanban_mcp.errors import NotFound
from kanban_mcp.models.caller import Caller
from kanban_mcp.store.search import CANDIDATES, MOST_ENDINGS
from tests.conftest import Call, Refused


async def found(call: Call, query: str, **arguments: Any) -> list[tuple[str, int]]:
    """Kind and id of each hit, best first."""
    page = await call("search", query=query, **arguments)
    return [(row[0], row[1]) for row in page["rows"]]


async def test_words_in_titles_count_more_than_in_descriptions(call: Call, board: dict[str, Any]) -> None:
    tasks = [{"title": f"filler {number}", "description": "nothing here"} for number in range(20)]
    await call("create_tasks", tasks=tasks)
    await call("create_task", title="Other", description="the parser of parsers: parser")
    await call("create_task", title="Parser", description="something else")
    assert await found(call, "parser") == [("task", 22), ("task", 21)]


async def test_notes_are_found_with_their_task(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="Carrier")
    await call("add_note", task_id=1, content="the flux capacitor is broken")
    page = await call("search", query="capacitor")
    assert dict(zip(page["columns"], page["rows"][0], strict=True)) | {"score": 0} == {
        "kind": "note",
        "id": 1,
        "task_id": 1,
        "title": "Carrier",
        "status": "backlog",
        "snippet": "the flux [capacitor] is broken",
        "author": "ann",
        "on": "2026-01-01",
        "score": 0,
    }


async def test_a_status_that_no_board_has_is_refused_with_those_there_are(call: Call, refused: Refused) -> None:
    nowhere = await refused("search", query="x", status="nowhere")
    assert (nowhere.code, nowhere.hint) == ("not_found", "There are none yet.")
    await call("create_board", name="Alpha")
    await call("create_board", name="Beta", columns=[
        {"status": "open", "category": "todo"}, {"status": "closed", "category": "done"},
    ])  # fmt: skip
    everywhere = await refused("search", query="x", status="nowhere")
    assert (everywhere.code, everywhere.message) == ("not_found", "No board has a column 'nowhere'.")
    assert everywhere.hint == "There are backlog, open, closed, todo, in_progress, review, done."
    there = await refused("search", query="x", status="review", board="Beta")
    assert (there.message, there.hint) == ("The board has no column 'review'.", "Its columns are open, closed.")
    assert await found(call, "x", status="closed") == []


async def test_a_status_of_boards_that_are_not_shown_is_not_named(call: Call, app: App, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta", columns=[
        {"status": "open", "category": "todo"}, {"status": "closed", "category": "done"},
    ])  # fmt: skip
    with pytest.raises(NotFound) as caught:
        await app.runner.answer(
            "search", {"query": "x", "status": "review"}, caller=Caller("bob", boards=frozenset({2}))
        )
    assert caught.value.hint == "There are open, closed."


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("parsing", [1]),
        ("POL-358", [2]),
        ("pol-358", [2]),
        ("well-known", [3]),
        ("known well", [3]),
        ("capac", [4]),
        ("capacitor unheardof", [4]),
        ("zzz", []),
        ("", []),
        ('"', []),
        ("* AND ( NEAR", []),
        ("parse\x00r", [1]),
        ("ÜBER", [5]),
    ],
)
async def test_any_text_finds_what_it_names(call: Call, board: dict[str, Any], query: str, hits: list[int]) -> None:
    titles = ["Parse things", "Fix POL-358", "A well-known bug", "Flux capacitor", "über alles"]
    await call("create_tasks", tasks=[{"title": title} for title in titles])
    assert [number for _, number in await found(call, query)] == hits


async def test_hits_are_filtered_by_board_status_and_tag(call: Call, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta")
    await call("create_task", title="needle", board="Alpha", tags=["sharp"])
    await call("create_task", title="needle", board="Alpha", status="todo")
    await call("create_task", title="needle", board="Beta")
    assert len(await found(call, "needle")) == 3
    assert sorted(await found(call, "needle", board="Alpha")) == [("task", 1), ("task", 2)]
    assert await found(call, "needle", status="todo") == [("task", 2)]
    assert await found(call, "needle", tag="sharp") == [("task", 1)]


async def test_archived_tasks_are_not_found_and_changed_words_are(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="needle")
    await call("update_task", task_id=1, title="thread")
    assert (await found(call, "needle"), await found(call, "thread")) == ([], [("task", 1)])
    await call("archive_task", task_id=1)
    assert await found(call, "thread") == []


async def test_a_search_on_a_board_does_not_look_at_words_of_others(
    call: Call, app: App, board: dict[str, Any]
) -> None:
    await call("create_board", name="Beta")
    await call("create_task", title="needles", board="Alpha", description="hay")
    await call("add_note", task_id=1, content="a needle and a needlework")
    await call("create_task", title="hay", board="Beta")
    for query in ("needle", "need", "hay needle"):
        assert ("task", 1) in await found(call, query, board="Alpha")
        assert await found(call, query, board="Beta") == ([("task", 2)] if "hay" in query else [])


async def test_a_text_cannot_pass_for_one_of_another_board(call: Call, board: dict[str, Any]) -> None:
    await call("create_board", name="Beta")
    await call("create_task", title="needle \ue0002", board="Alpha")
    assert await found(call, "needle", board="Beta") == []
    assert await found(call, "\ue0001") == await found(call, "1") == []


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("databas", [1]),
        ("data", [1, 2]),
        ("da", []),
        ("d", []),
        ("fresh happy", [3, 4]),
        ("Über", [5]),
        ("ubern", [5]),
        ("日", [6]),
        ("well-kno", [7]),
        ("fresh data", [1, 2]),
    ],
)
async def test_the_last_word_may_be_the_beginning_of_one(
    call: Call, board: dict[str, Any], query: str, hits: list[int]
) -> None:
    """Of three letters at least, or one that is a word; what is indexed are stems, with which not each word begins."""
    titles = ["Databases grow", "A dataset", "Happiness", "Happyfeet", "Übernacht", "日本語", "A well-known bug"]
    await call("create_tasks", tasks=[{"title": title} for title in titles])
    assert sorted(number for _, number in await found(call, query)) == hits


async def test_many_words_with_one_beginning_are_found(call: Call, board: dict[str, Any]) -> None:
    titles = [f"word{number}" for number in range(MOST_ENDINGS + 10)]
    await call("create_tasks", tasks=[{"title": title} for title in titles])
    assert len(await found(call, "wor", limit=100)) == MOST_ENDINGS + 10


async def test_matches_far_apart_are_found_with_what_they_show(call: Call, board: dict[str, Any]) -> None:
    hay = [{"title": "hay"}] * 100
    await call("create_task", title="first needle")
    for _ in range(3):
        await call("create_tasks", tasks=hay)
    await call("create_task", title="x", description="the last needle")
    page = await call("search", query="needle")
    assert [row[5] for row in page["rows"]] == ["first [needle]", "the last [needle]"]


async def test_of_very_many_matches_titles_come_first_then_the_newest(call: Call, board: dict[str, Any]) -> None:
    for start in range(0, CANDIDATES + 100, 100):
        tasks = [
            {"title": "the needle" if start + number == CANDIDATES else "hay", "description": "needle"}
            for number in range(100)
        ]
        await call("create_tasks", tasks=tasks)
    hits = [number for _, number in await found(call, "needle", limit=3)]
    assert hits == [CANDIDATES + 1, CANDIDATES + 100, CANDIDATES + 99]


async def test_ten_thousand_words_are_no_trouble(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="word0 here")
    query = " ".join(f"word{number}" for number in range(10_000))
    assert await found(call, query) == [("task", 1)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200) | st.text(alphabet='"*()-:^{}+ANDORNT \x00', max_size=60))
async def test_no_text_fails(app: App, query: str) -> None:
    page = await app.runner.call("search", {"query": query}, actor="ann")
    assert page["columns"][0] == "kind"
