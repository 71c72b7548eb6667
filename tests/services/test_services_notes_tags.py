"""Notes and tags."""

from typing import Any

import pytest

from tests.conftest import Call, Refused, SettableClock


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """One task."""
    return await call("create_task", title="x")


async def test_pinned_notes_come_first_then_the_newest(call: Call, task: dict[str, Any]) -> None:
    for number in range(1, 8):
        await call("add_note", task_id=1, content=f"{number}", pinned=number == 2, category="decision")
    brief = await call("get_task", task_id=1)
    assert [note["id"] for note in brief["notes"]] == [2, 7, 6, 5, 4]
    assert brief["more_notes"] == 2
    pages = [await call("list_notes", task_id=1, limit=4)]
    pages.append(await call("list_notes", task_id=1, limit=4, cursor=pages[0]["next"]))
    assert [row[0] for page in pages for row in page["rows"]] == [2, 7, 6, 5, 4, 3, 1]


async def test_notes_are_listed_by_category(call: Call, task: dict[str, Any]) -> None:
    await call("add_note", task_id=1, content="a", category="decision")
    await call("add_note", task_id=1, content="b", category="question")
    page = await call("list_notes", task_id=1, category="question")
    assert [row[0] for row in page["rows"]] == [2]


async def test_a_long_note_is_cut_in_the_brief_and_whole_in_the_list(call: Call, task: dict[str, Any]) -> None:
    await call("add_note", task_id=1, content="y" * 5000)
    note = (await call("get_task", task_id=1))["notes"][0]
    assert (len(note["content"]), note["cut"]) == (1000, True)
    assert len((await call("list_notes", task_id=1))["rows"][0][3]) == 5000


async def test_a_note_changes_in_the_fields_given(call: Call, clock: SettableClock, task: dict[str, Any]) -> None:
    await call("add_note", task_id=1, content="a", title="t")
    clock.advance(minutes=1)
    changed = await call("update_note", note_id=1, category="blocker", pinned=True)
    assert (changed["content"], changed["title"], changed["category"], changed["pinned"]) == ("a", "t", "blocker", True)
    assert changed["updated_at"] > changed["created_at"]


async def test_a_note_is_deleted_after_a_confirmation(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    await call("add_note", task_id=1, content="a")
    assert (await refused("delete_note", note_id=1)).code == "invalid"
    await call("delete_note", note_id=1, confirm=True)
    assert (await refused("update_note", note_id=1, content="b")).code == "not_found"


@pytest.mark.parametrize(
    "arguments",
    [
        {"task_id": 1},
        {"task_id": 1, "content": ""},
        {"task_id": 1, "content": "   "},
        {"task_id": 1, "content": "x" * 20_001},
        {"task_id": 1, "content": "a\x00b"},
        {"task_id": 1, "content": "x", "category": "gossip"},
    ],
)
async def test_a_note_without_sense_is_refused(
    refused: Refused, task: dict[str, Any], arguments: dict[str, Any]
) -> None:
    assert (await refused("add_note", **arguments)).code == "invalid"


async def test_tags_are_the_same_in_any_case(call: Call, task: dict[str, Any]) -> None:
    await call("tag_task", task_id=1, tags=["Backend", "BACKEND", "db"])
    assert (await call("tag_task", task_id=1, tags="backend"))["tags"] == ["Backend", "db"]
    assert (await call("untag_task", task_id=1, tags=["BackEnd"]))["tags"] == ["db"]
    page = await call("list_tags")
    assert [(row[1], row[4]) for row in page["rows"]] == [("Backend", 0), ("db", 1)]


async def test_tags_form_a_tree_without_circles(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    await call("create_tag", tag="a")
    await call("create_tag", tag="b", parent="a")
    await call("create_tag", tag="c", parent="b", color="#00ff00")
    for parent in ("c", "a", "b"):
        assert (await refused("update_tag", tag="a", parent=parent)).code == "invalid"
    assert (await call("update_tag", tag="c", parent="a"))["parent"] == "a"
    assert "parent" not in await call("update_tag", tag="c", parent="")
    await call("delete_tag", tag="a", confirm=True)
    assert {row[1]: row[2] for row in (await call("list_tags"))["rows"]} == {"b": None, "c": None}


async def test_a_deleted_tag_is_off_all_tasks(call: Call, refused: Refused, task: dict[str, Any]) -> None:
    await call("tag_task", task_id=1, tags=["gone"])
    assert (await refused("delete_tag", tag="gone")).code == "invalid"
    assert (await call("delete_tag", tag="gone", confirm=True))["tasks"] == 1
    assert "tags" not in await call("get_task", task_id=1)


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("create_tag", {"tag": "there"}, "conflict"),
        ("create_tag", {"tag": "new", "parent": "nowhere"}, "not_found"),
        ("create_tag", {"tag": "a,b"}, "invalid"),
        ("create_tag", {"tag": "new", "color": "red"}, "invalid"),
        ("update_tag", {"tag": "nowhere"}, "not_found"),
        ("update_tag", {"tag": "other", "name": "THERE"}, "conflict"),
        ("untag_task", {"task_id": 1, "tags": ["nowhere"]}, "not_found"),
        ("tag_task", {"task_id": 9, "tags": ["there"]}, "not_found"),
    ],
)
async def test_tags_that_cannot_be_are_refused(
    call: Call, refused: Refused, task: dict[str, Any], operation: str, arguments: dict[str, Any], code: str
) -> None:
    await call("create_tag", tag="there")
    await call("create_tag", tag="other")
    assert (await refused(operation, **arguments)).code == code
