"""What callers may do and see: every operation with every scope, and on a board that is not the caller's."""

import json
from typing import Any, NamedTuple

import pytest

from kanban_mcp.app import App
from kanban_mcp.errors import Forbidden, KanbanError, NotFound
from kanban_mcp.models.caller import ADMIN, READER, WRITER, Caller, Scope
from tests.conftest import Call

SECRET = "quagga"
"""In every text of the board that is not the caller's."""
RIGHTS: dict[str, frozenset[Scope]] = {"none": frozenset(), "read": READER, "write": WRITER, "admin": ADMIN}
MISSING = 987_654
"""An id that nothing has."""


class Foreign(NamedTuple):
    """What is on a board: ids, the name of a tag there, and the seq of a change."""

    board: int
    task_id: int
    other_id: int
    note_id: int
    tag: str
    seq: int


NOTHING = Foreign(MISSING, MISSING, MISSING, MISSING, "nosuch", MISSING)


@pytest.fixture
async def foreign(call: Call) -> Foreign:
    """Two boards: the caller's own, 1, with one task, and another, whose contents are answered."""
    await call("create_board", name="Own")
    await call("create_task", title="mine", board=1)
    board = (await call("create_board", name=f"{SECRET} plans", description=SECRET))["id"]
    made = [
        await call("create_task", title=f"zebra {SECRET}", board=board, tags=["zebra", SECRET], assignee=SECRET)
        for _ in range(2)
    ]
    first, second = (task["id"] for task in made)
    await call("link_tasks", task_id=second, depends_on=first)
    note = await call("add_note", task_id=first, content=f"zebra {SECRET}")
    await call("claim_next", task_id=first, actor=SECRET)
    seq = int((await call("list_changes", limit=100))["next"])
    await call("get_board", board=board)
    await call("get_task", task_id=second)
    return Foreign(board, first, second, note["id"], "zebra", seq)


def arguments(app: App, name: str, there: Foreign) -> dict[str, Any]:
    """Arguments of an operation that name what is there, and what it needs beside that."""
    task = {"task_id": there.task_id}
    named = {**there._asdict(), "depends_on": there.other_id, "query": "zebra"}
    needed = {
        "calls": [{"operation": "get_task", "arguments": task}],
        "columns": [{"status": "todo", "category": "todo"}, {"status": "done", "category": "done"}],
        "confirm": True,
        "content": "x",
        "name": "x",
        "pattern": "*",
        "tags": [there.tag],
        "tasks": [{"title": "x"}],
        "title": "x",
    }
    fields = app.catalog[name].arguments.model_fields
    given = {key: value for key, value in named.items() if key in fields}
    return given | {
        key: value for key, value in needed.items() if key in fields and (fields[key].is_required() or key == "confirm")
    }


async def outcome(app: App, name: str, there: Foreign, caller: Caller) -> str:
    """All that a caller is told when asking about what is there, with the ids and names it asked with left out."""
    try:
        told: Any = (await app.runner.answer(name, arguments(app, name, there), caller=caller)).value
    except KanbanError as error:
        told = error.as_dict()
    text = json.dumps(told)
    for asked in sorted({str(value) for value in there}, key=len, reverse=True):
        text = text.replace(asked, "?") if len(asked) > 3 else text.replace(f" {asked}", " ?")
    return text


async def test_every_operation_is_refused_to_every_scope_that_is_too_low_and_to_no_other(app: App) -> None:
    order = list(RIGHTS)
    wrong = []
    for operation in app.catalog:
        for name, scopes in RIGHTS.items():
            refused = False
            try:
                await app.runner.answer(operation.name, {"nonsense": 1}, caller=Caller("ann", scopes))
            except Forbidden:
                refused = True
            except KanbanError as error:
                # The right came first: only who has it is told what is wrong with the arguments.
                assert error.code == "invalid"
            if refused != (order.index(name) < order.index(operation.scope)):
                wrong.append((operation.name, name))
    assert wrong == []


def test_what_changes_something_needs_more_than_read_and_what_shows_the_server_needs_admin(app: App) -> None:
    for operation in app.catalog:
        assert (operation.scope == "read") <= (operation.effect == "read"), operation.name
    assert {operation.name for operation in app.catalog if operation.scope == "admin"} >= {
        "invalidate_cache",
        "profile",
    }


async def test_a_batch_holds_no_call_that_its_caller_may_not_make_alone(app: App, board: dict[str, Any]) -> None:
    calls = {"calls": [{"operation": "invalidate_cache", "arguments": {"pattern": "*"}}]}
    with pytest.raises(Forbidden, match="admin"):
        await app.runner.answer("run_batch", calls, caller=Caller("ann", WRITER))
    calls = {"calls": [{"operation": "create_tag", "arguments": {"name": "x"}}]}
    with pytest.raises(Forbidden, match="all boards"):
        await app.runner.answer("run_batch", calls, caller=Caller("eve", WRITER, frozenset({1}), "key00001"))


async def test_no_operation_tells_anything_of_a_board_that_is_not_the_callers(app: App, foreign: Foreign) -> None:
    caller = Caller("eve", WRITER, frozenset({1}), "key00001")
    telling = {}
    for operation in app.catalog:
        told = await outcome(app, operation.name, foreign, caller)
        if SECRET in told:
            telling[operation.name] = told
    assert telling == {}


async def test_what_is_not_the_callers_is_as_if_it_were_not(app: App, foreign: Foreign) -> None:
    caller = Caller("eve", WRITER, frozenset({1}), "key00001")
    asked_by_id = {*Foreign._fields, "depends_on"} - {"other_id"}
    different = {}
    for operation in app.catalog:
        if asked_by_id & set(operation.arguments.model_fields) and not operation.waits:
            there, nowhere = [await outcome(app, operation.name, what, caller) for what in (foreign, NOTHING)]
            if there != nowhere:
                different[operation.name] = (there, nowhere)
    assert different == {}


async def test_a_stranger_to_a_board_changes_nothing_on_it(app: App, call: Call, foreign: Foreign) -> None:
    before = await call("list_changes", board=foreign.board, limit=100)
    view = await call("get_board", board=foreign.board)
    for operation in app.catalog:
        await outcome(app, operation.name, foreign, Caller("eve", WRITER, frozenset({1}), "key00001"))
    assert await call("list_changes", board=foreign.board, limit=100) == before
    assert await call("get_board", board=foreign.board) == view


async def test_a_caller_limited_to_a_board_works_there_as_others_do(app: App, foreign: Foreign) -> None:
    caller = Caller("eve", WRITER, frozenset({1}), "key00001")

    async def run(name: str, **given: Any) -> dict[str, Any]:
        return (await app.runner.answer(name, given, caller=caller)).value

    made = await run("create_task", title="zebra", tags=["zebra", "own"])
    assert (await run("claim_next", task_id=made["id"]))["task"]["id"] == made["id"]
    assert [row[1] for row in (await run("list_boards"))["rows"]] == ["Own"]
    assert [row[1] for row in (await run("search", query="zebra"))["rows"]] == [made["id"]]
    assert [row[1:] for row in (await run("list_tags"))["rows"]] == [["own", None, "", 1], ["zebra", None, "", 1]]
    assert {row[6] for row in (await run("list_changes", limit=100))["rows"]} == {1}
    assert (await run("get_board"))["name"] == "Own"
    undone = await run("undo", seq=(await run("list_changes", limit=100))["rows"][-1][0])
    assert undone["undone"]


async def test_a_caller_limited_to_boards_renames_none_by_taking_back_either(
    app: App, call: Call, foreign: Foreign
) -> None:
    await call("update_board", board=1, name="Mine")
    seq = (await call("list_changes", board=1, limit=100))["rows"][-1][0]
    for name in ("Free", "Own"):
        # Whether another board has the name by now is no matter: that would tell of it.
        await call("update_board", board=foreign.board, name=name)
        with pytest.raises(Forbidden, match="renames none"):
            await app.runner.answer("undo", {"seq": seq}, caller=Caller("eve", WRITER, frozenset({1}), "key00001"))
    assert (await call("get_board", board=1))["name"] == "Mine"


async def test_what_is_kept_for_one_caller_is_not_given_to_another(app: App, call: Call, foreign: Foreign) -> None:
    caller = Caller("eve", READER, frozenset({1}), "key00001")
    for name, given in (("get_board", {"board": foreign.board}), ("get_task", {"task_id": foreign.other_id})):
        await app.runner.answer(name, given, caller=Caller("ann"))
        with pytest.raises(NotFound):
            await app.runner.answer(name, given, caller=caller)
    assert (await app.runner.answer("get_board", {}, caller=caller)).value["name"] == "Own"
    with pytest.raises(KanbanError, match="several boards"):
        await call("get_board")


async def test_an_answer_kept_under_an_idempotency_key_is_given_to_those_who_see_as_much(
    app: App, foreign: Foreign
) -> None:
    given = {"title": f"{SECRET} again", "board": foreign.board, "idempotency_key": "k"}
    await app.runner.answer("create_task", given, caller=Caller("ci", WRITER))
    with pytest.raises(NotFound):
        await app.runner.answer("create_task", given, caller=Caller("ci", WRITER, frozenset({1}), "key00001"))


async def test_what_happens_on_other_boards_changes_no_answer(app: App, call: Call) -> None:
    """Not a total, not an order, not a suggestion. What shows the server itself shows the whole of it to all."""
    await call("create_board", name="Own")
    await call("create_tasks", tasks=[{"title": "zebra", "tags": ["zebra"]}, {"title": "other", "assignee": "bob"}])
    await call("link_tasks", task_id=2, depends_on=1)
    await call("add_note", task_id=1, content="zebra")
    before = await readings(app)
    board = (await call("create_board", name=f"{SECRET} plans"))["id"]
    specs = [{"title": f"zebra {SECRET} {number}", "tags": ["zebra", SECRET], "priority": 9} for number in range(25)]
    made = [row[0] for row in (await call("create_tasks", board=board, tasks=specs))["rows"]]
    await call("link_tasks", task_id=made[0], depends_on=made[1])
    await call("add_note", task_id=made[0], content=f"zebra {SECRET}")
    await call("claim_next", task_id=made[1], actor=SECRET)
    await call("complete_task", task_id=made[1], actor=SECRET)
    await call("archive_task", task_id=made[2])
    assert await readings(app) == before


async def readings(app: App) -> dict[str, Any]:
    """What a caller limited to board 1 reads there with each operation."""
    caller = Caller("eve", READER, frozenset({1}), "key00001")
    own = {"task_id": 1, "board": 1, "query": "zebra"}
    found = {}
    for operation in app.catalog:
        if operation.scope == "read" and operation.toolset != "diagnostics":
            fields = operation.arguments.model_fields
            given = {name: value for name, value in own.items() if name in fields and fields[name].is_required()}
            found[operation.name] = (await app.runner.answer(operation.name, given, caller=caller)).value
    return found
