"""The text indexes hold what the tables hold, whatever was written, changed and deleted, and by whichever way."""

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kanban_mcp.app import App
from kanban_mcp.errors import KanbanError
from tests.conftest import Call

WORDS = ["alpha", "beta", "gamma", "running", "runs", "Überblick", "naïve", "x-ray", "日本語", "🚀", "42"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
PICKS = st.integers(0, 5)
TASK_TEXTS = {"title": TEXTS, "description": TEXTS}
NOTE_TEXTS = {"title": TEXTS, "content": TEXTS}
STEPS = st.one_of(
    st.tuples(st.just("create_task"), PICKS, st.fixed_dictionaries(TASK_TEXTS)),
    st.tuples(st.just("update_task"), PICKS, st.fixed_dictionaries({}, optional=TASK_TEXTS)),
    st.tuples(st.just("add_note"), PICKS, st.fixed_dictionaries(NOTE_TEXTS)),
    st.tuples(st.just("update_note"), PICKS, st.fixed_dictionaries({}, optional=NOTE_TEXTS)),
    st.tuples(st.just("delete_note"), PICKS, st.just({"confirm": True})),
    st.tuples(st.just("delete_task"), PICKS, st.just({"confirm": True})),
    st.tuples(st.just("archive_task"), PICKS, st.fixed_dictionaries({"archived": st.booleans()})),
    st.tuples(st.just("undo"), PICKS, st.just({})),
)


async def run(app: App, operation: str, /, **arguments: Any) -> dict[str, Any]:
    """An operation's answer; nothing when it is refused, as it should be where there is nothing to do."""
    try:
        return await app.runner.call(operation, arguments, actor="ann")
    except KanbanError as error:
        assert error.code in ("not_found", "conflict"), error.message
        return {}


async def last_seq(app: App) -> int:
    """The seq of the newest change."""
    return int((await run(app, "get_health"))["last_seq"])


def texts(app: App, sql: str) -> dict[int, str]:
    """Ids and texts as they are in the tables."""
    with app.database.reading():
        return {row[0]: row[1] for row in app.database.all("test", sql)}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=3, max_size=25))
async def test_the_indexes_fit_the_text_after_any_writes(
    app: App, steps: list[tuple[str, int, dict[str, Any]]]
) -> None:
    board = (await run(app, "create_board", name=uuid4().hex))["id"]
    tasks = [(await run(app, "create_task", title="first", board=board))["id"]]
    notes, first = [0], await last_seq(app)
    for operation, pick, arguments in steps:
        if operation == "create_task":
            tasks.append((await run(app, operation, board=board, **arguments))["id"])
        elif operation == "undo":
            await run(app, operation, seq=max(first, await last_seq(app) - pick))
        elif "note" in operation and operation != "add_note":
            await run(app, operation, note_id=max(1, notes[pick % len(notes)]), **arguments)
        else:
            made = await run(app, operation, task_id=tasks[pick % len(tasks)], **arguments)
            notes += [made["id"]] if operation == "add_note" and made else []
    assert "problems" not in await run(app, "get_health", check=True)
    for word in ("alpha", "überblick", "日本語"):
        await check_found(app, board, word)
    await run(app, "delete_board", board=board, confirm=True)
    assert "problems" not in await run(app, "get_health", check=True)


async def check_found(app: App, board: int, word: str) -> None:
    """Found are just the unarchived tasks and their notes that have a word."""
    sources = {
        "task": "select id, title || ' ' || description from tasks where archived_at is null and board_id = {}",
        "note": "select n.id, n.title || ' ' || content from notes n join tasks t on t.id = n.task_id "
        "where archived_at is null and board_id = {}",
    }
    expected = {
        (kind, found)
        for kind, sql in sources.items()
        for found, text in texts(app, sql.format(board)).items()
        if word in text.lower().split()
    }
    page = await run(app, "search", query=word, board=board, limit=100)
    assert {(row[0], row[1]) for row in page["rows"]} == expected


async def test_a_deleted_board_leaves_no_word_behind(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="capacitor")
    await call("add_note", task_id=1, content="capacitor")
    await call("delete_board", board="Alpha", confirm=True)
    assert (await call("search", query="capacitor"))["rows"] == []
    assert "problems" not in await call("get_health", check=True)


async def test_a_note_changed_in_its_category_alone_is_not_indexed_anew(
    app: App, call: Call, board: dict[str, Any]
) -> None:
    await call("create_task", title="x")
    await call("add_note", task_id=1, content="n")
    before = texts(app, "select 1, group_concat(hex(block)) from notes_fts_data")
    await call("update_note", note_id=1, category="decision", pinned=True)
    assert texts(app, "select 1, group_concat(hex(block)) from notes_fts_data") == before
