"""Several operations as one."""

from pathlib import Path
from typing import Any

import pytest

from kanban_mcp.answers import Answer
from kanban_mcp.app import open_app
from kanban_mcp.models.caller import Caller
from kanban_mcp.operations import Call as Made
from kanban_mcp.settings import Settings
from tests.conftest import Call, Refused

CREATE = {"operation": "create_task", "arguments": {"title": "first"}}


async def test_later_calls_use_what_earlier_ones_answered(call: Call, board: dict[str, Any]) -> None:
    answer = await call(
        "run_batch",
        calls=[
            CREATE,
            {"operation": "create_task", "arguments": {"title": "second", "depends_on": ["$0.id"], "tags": ["a"]}},
            {"operation": "get_task", "arguments": {"task_id": "$1.id"}},
            {"operation": "update_task", "arguments": {"task_id": "$2.blockers.0.id", "priority": 9}},
        ],
    )
    first, second, brief, updated = answer["results"]
    assert brief["blockers"][0]["id"] == first["id"] == updated["id"]
    assert (second["blocked_by"], updated["priority"]) == (1, 9)


async def test_a_failing_call_undoes_those_before_it_and_is_named(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    error = await refused(
        "run_batch",
        calls=[CREATE, {"operation": "move_task", "arguments": {"task_id": "$0.id", "status": "nowhere"}}],
    )
    assert (error.code, error.current) == ("not_found", {"index": 1})
    assert error.message.startswith("calls[1] move_task: ")
    assert (await call("list_tasks"))["total"] == 0


async def test_a_dry_run_answers_what_would_happen_and_keeps_nothing(call: Call, board: dict[str, Any]) -> None:
    before = await call("list_changes")
    answer = await call("run_batch", calls=[CREATE], dry_run=True)
    assert answer["dry_run"] is True
    assert answer["results"][0]["title"] == "first"
    assert await call("list_changes") == before
    assert (await call("create_task", title="real"))["id"] == answer["results"][0]["id"]


async def test_a_repeated_batch_with_the_same_key_happens_once(call: Call, board: dict[str, Any]) -> None:
    first = await call("run_batch", calls=[CREATE], idempotency_key="k")
    assert await call("run_batch", calls=[CREATE], idempotency_key="k") == first
    assert (await call("list_tasks"))["total"] == 1


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        ([{"operation": "delete_task", "arguments": {"task_id": 1, "confirm": True}}], "not run in a batch"),
        ([{"operation": "run_batch", "arguments": {"calls": [CREATE]}}], "not run in a batch"),
        ([{"operation": "get_health", "arguments": {"check": True}}], "not run in a batch"),
        ([{"operation": "profile", "arguments": {"seconds": 0.1}}], "not run in a batch"),
        ([{"operation": "backup", "arguments": {"file": "x.db"}}], "not run in a batch"),
        ([{"operation": "create_taks", "arguments": {}}], "no operation"),
        ([{"operation": "create_task", "arguments": {"title": "$3.id"}}], "no earlier call"),
        ([CREATE, {"operation": "get_task", "arguments": {"task_id": "$0.number"}}], "names nothing"),
        ([{"operation": "create_task", "arguments": {"title": "x", "idempotency_key": "k"}}], "no key of its own"),
        ([{"operation": "create_task", "arguments": {"titel": "x"}}], "did you mean 'title'"),
        ([], "calls"),
        ([CREATE] * 51, "calls"),
    ],
)
async def test_a_batch_that_cannot_run_says_why(
    refused: Refused, board: dict[str, Any], calls: list[dict[str, Any]], words: str
) -> None:
    error = await refused("run_batch", calls=calls)
    assert words in error.message
    assert error.hint


async def test_a_batch_runs_operations_of_toolsets_that_are_off(db: Path) -> None:
    with open_app(Settings(db=db, toolsets=("core",))) as app:
        await app.runner.call("create_board", {"name": "Plan"}, actor="ann")
        archive = {"operation": "archive_task", "arguments": {"task_id": "$0.id"}}
        call = Made(app.catalog.known("run_batch"), {"calls": [CREATE, archive]})
        done = app.runner.make(call, caller=Caller("ann"))
        assert not isinstance(done, Answer)
        assert (await done).value["results"][1]["archived"] is True
