"""What an agent gets wrong, over MCP: each is a named error that says what to do next, and changes nothing."""

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from tests.transport.clients import Agent, Connect, client_of

LONGEST_ERROR = 2000
INTERNALS = re.compile(
    r"Traceback|File \"|\.py\b|/tmp|/work|/home|sqlite|\bselect\b.*\bfrom\b|pydantic|https?://", re.I
)
MEGABYTE = "x" * 1_000_000

# One board with tasks 1 <- 2 <- 3 (3 waits for 2, 2 for 1); task 4 was changed twice by ann, at the seqs below;
# a second board, whose column `doing` takes one task and has it (5), with 6 waiting for room; note 1 on task 1.
WORLD: list[tuple[str, dict[str, Any]]] = [
    ("create_board", {"name": "Plan"}),
    ("create_task", {"title": "one"}),
    ("create_task", {"title": "two", "depends_on": [1]}),
    ("create_task", {"title": "three", "depends_on": [2]}),
    ("create_task", {"title": "four", "idempotency_key": "once", "tags": ["red"]}),
    ("update_task", {"task_id": 4, "title": "four, first"}),
    ("update_task", {"task_id": 4, "title": "four, second"}),
    ("create_board", {"name": "Narrow", "columns": [
        {"status": "todo", "category": "todo"},
        {"status": "doing", "category": "active", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]}),
    ("create_tasks", {"board": "Narrow", "tasks": [{"title": "five", "status": "doing"}, {"title": "six"}]}),
    ("add_note", {"task_id": 1, "content": "a note"}),
]  # fmt: skip


class Case(NamedTuple):
    """A call, the code it must be refused with, and words of the message or the hint."""

    operation: str
    arguments: dict[str, Any]
    code: str
    says: str


NOT_THERE = [
    Case("get_task", {"task_id": 999}, "not_found", "There is no task 999."),
    Case("update_task", {"task_id": 999, "title": "x"}, "not_found", "no task 999"),
    Case("complete_task", {"task_id": 2**62}, "not_found", "list_tasks and search"),
    Case("link_tasks", {"task_id": 1, "depends_on": 999}, "not_found", "no task 999"),
    Case("create_task", {"title": "x", "depends_on": [1, 999]}, "not_found", "no task 999"),
    Case("create_task", {"title": "x", "parent_id": 999}, "not_found", "no task 999"),
    Case("create_task", {"title": "x", "board": "Nowhere"}, "not_found", "list_boards shows the boards"),
    Case("get_board", {"board": 77}, "not_found", "no board 77"),
    Case("move_task", {"task_id": 1, "status": "nirvana"}, "not_found", "backlog, todo, in_progress, review, done"),
    Case("create_task", {"title": "x", "status": "doing"}, "not_found", "backlog, todo, in_progress, review, done"),
    Case("list_tasks", {"tag": "blue"}, "not_found", "list_tags"),
    Case("update_note", {"note_id": 99, "content": "x"}, "not_found", "list_notes"),
    Case("unlink_tasks", {"task_id": 1, "depends_on": 4}, "not_found", "no link to 4"),
    Case("undo", {"seq": 5000}, "not_found", "list_changes"),
]
WRONG = [
    Case("create_task", {}, "invalid", "title is missing"),
    Case("create_task", {"title": ""}, "invalid", "title"),
    Case("create_task", {"title": "  \t "}, "invalid", "title"),
    Case("create_task", {"title": "two\nlines"}, "invalid", "one line"),
    Case("create_task", {"title": "bell\x07"}, "invalid", "control characters"),
    Case("create_task", {"title": MEGABYTE}, "invalid", "at most 200 characters"),
    Case("create_task", {"title": "x", "description": MEGABYTE}, "invalid", "at most 20000 characters"),
    Case("add_note", {"task_id": 1, "content": MEGABYTE}, "invalid", "at most 20000 characters"),
    Case("create_task", {"title": "x", "priority": 99}, "invalid", "less than or equal to 10 (got 99)"),
    Case("create_task", {"title": "x", "priority": -1}, "invalid", "priority"),
    Case(
        "get_task",
        {"task_id": 2**63},
        "invalid",
        "task_id: must be a positive integer, at most 9223372036854775807 (got",
    ),
    Case("undo", {"seq": 2**64}, "invalid", "seq: must be a positive integer, at most 9223372036854775807 (got"),
    Case("update_task", {"task_id": 1, "version": 2**64}, "invalid", "version: must be a positive integer, at most 9"),
    Case(
        "list_changes",
        {"since": -5},
        "invalid",
        "list_changes: since: must be from 0 to 9223372036854775807 (got -5) It",
    ),
    Case("list_changes", {"since": 2**65}, "invalid", "since: must be from 0 to 9223372036854775807 (got"),
    Case(
        "get_board",
        {"board": 0},
        "invalid",
        "get_board: board: must be a positive integer, at most 9223372036854775807 (got 0) It",
    ),
    Case("create_task", {"title": "x", "priority": "high"}, "invalid", "valid integer"),
    Case("create_task", {"title": 5}, "invalid", "valid string"),
    Case("create_task", {"title": {"text": "x"}}, "invalid", "valid string"),
    Case("create_task", {"title": "x", "depends_on": [{}]}, "invalid", "depends_on[0]"),
    Case("create_task", {"title": "x", "depends_on": [1, "two"]}, "invalid", "depends_on[1]"),
    Case("create_task", {"title": "x", "tags": ["a,b"]}, "invalid", "tags[0]"),
    Case("create_task", {"title": "x", "due_at": "soon"}, "invalid", "2026-12-31"),
    Case("create_tasks", {"tasks": []}, "invalid", "tasks"),
    Case("create_tasks", {"tasks": [{"title": f"{n}"} for n in range(101)]}, "invalid", "100"),
    Case("create_tasks", {"tasks": [{"title": "a"}, {"titel": "b"}]}, "invalid", "tasks[1]"),
    Case("create_tasks", {"tasks": [{"title": "a"}, {"title": "b", "depends_on": ["$7"]}]}, "invalid", "tasks[1]"),
    Case("get_task", {"task_id": "first"}, "invalid", "task_id"),
    Case("get_task", {"task_id": 1.5}, "invalid", "task_id"),
    Case("get_task", {"task_id": 0}, "invalid", "positive"),
    Case("get_task", {"task_id": 2**80}, "invalid", "task_id"),
    Case("list_tasks", {"limit": 1000}, "invalid", "less than or equal to 100"),
    Case("list_tasks", {"limit": 0}, "invalid", "limit"),
    Case("list_tasks", {"archived": "perhaps"}, "invalid", "archived"),
    Case("list_tasks", {"cursor": "garbage"}, "invalid", "Leave cursor out"),
    Case("list_tasks", {"cursor": "backlog.%' or 1=1"}, "invalid", "Leave cursor out"),
    Case("list_boards", {"cursor": "-1"}, "invalid", "Leave cursor out"),
    Case("list_notes", {"task_id": 1, "cursor": "9.9"}, "invalid", "Leave cursor out"),
    Case("add_note", {"task_id": 1, "content": "x", "category": "rant"}, "invalid", "'handoff'"),
    Case("list_changes", {"wait": 3600}, "invalid", "less than or equal to 30"),
    Case("create_task", {"titel": "x"}, "invalid", "unknown argument 'titel', did you mean 'title'?"),
    Case("move_task", {"task_id": 1, "column": "done"}, "invalid", "unknown argument 'column'"),
    Case("claim_next", {"task": 1}, "invalid", "unknown argument 'task', did you mean 'task_id'?"),
    Case("link_tasks", {"task_id": 1, "depends_on": 1}, "invalid", "cannot wait for itself"),
    Case("delete_task", {"task_id": 1}, "invalid", "confirm=true, or use archive_task"),
    Case("delete_board", {"board": "Plan"}, "invalid", "confirm=true, or use archive_board"),
    Case("delete_note", {"note_id": 1}, "invalid", "confirm=true"),
    Case("delete_tag", {"tag": "red", "confirm": False}, "invalid", "confirm=true"),
    Case("set_columns", {"columns": [{"status": "a", "category": "todo"}] * 2}, "invalid", "same status"),
    Case("undo", {}, "invalid", "Give either seq or since"),
    Case("run_batch", {"calls": []}, "invalid", "calls"),
]
CONFLICTS = [
    Case("create_board", {"name": "plan"}, "conflict", "already a board"),
    Case("complete_task", {"task_id": 3}, "conflict", "still waits for 2 (two, backlog)"),
    Case("claim_next", {"task_id": 3}, "conflict", "still waits for 2"),
    Case("release_task", {"task_id": 1}, "conflict", "Nobody holds task 1"),
    Case("link_tasks", {"task_id": 1, "depends_on": 3}, "would_cycle", "1 -> 3 -> 2 -> 1"),
    Case("update_task", {"task_id": 3, "parent_id": 1}, "would_cycle", "1 -> 3 -> 2 -> 1"),
    Case("move_task", {"task_id": 6, "status": "doing"}, "wip_limit", "1 of 1"),
    Case("create_task", {"title": "x", "board": "Narrow", "status": "doing"}, "wip_limit", "set_columns"),
    Case("update_task", {"task_id": 4, "title": "x", "version": 1}, "stale_version", "title changed since version 1"),
    Case("update_board", {"board": "Plan", "name": "x", "version": 9}, "stale_version", "version 1, not 9"),
    Case("update_task", {"task_id": 1, "title": "x", "lease": 3}, "held", "Lease 3 is over, or another task's."),
    Case("create_task", {"title": "x", "idempotency_key": "once"}, "conflict", "was used for another call"),
    Case("create_board", {"name": "x", "idempotency_key": "once"}, "conflict", "Use a new key"),
    Case("set_columns", {"columns": [
        {"status": "todo", "category": "todo"}, {"status": "done", "category": "done"},
    ]}, "conflict", "'backlog' holds tasks"),
]  # fmt: skip


def name_of(case: Case) -> str:
    return f"{case.operation}-{case.code}-{case.says[:20]}"


@pytest.fixture(scope="module")
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client of a server with the world above, which no refused call changes."""
    flags = ("--toolsets", "all", "--board", "Plan", "--actor", "ann")
    async with client_of(tmp_path_factory.mktemp("bad") / "kanban.db", *flags, env={}) as client:
        agent = Agent(client)
        for operation, arguments in WORLD:
            await agent(operation, **arguments)
        yield agent


def check_words(error: dict[str, Any]) -> None:
    """An error is short, each part on one line, with a hint, and shows nothing of the inside."""
    assert set(error) <= {"code", "message", "hint", "current"}
    for part in (error["message"], error["hint"]):
        assert part
        assert "\n" not in part
        assert len(part) < LONGEST_ERROR
        assert not INTERNALS.search(part)


@pytest.mark.parametrize("case", [*NOT_THERE, *WRONG, *CONFLICTS], ids=name_of)
async def test_a_wrong_call_is_a_named_error_with_a_hint_and_changes_nothing(agent: Agent, case: Case) -> None:
    error = await agent.refused(case.operation, **case.arguments)
    check_words(error)
    assert error["code"] == case.code
    assert case.says in f"{error['message']} {error['hint']}"


async def test_a_circle_is_refused_with_its_path(agent: Agent) -> None:
    error = await agent.refused("link_tasks", task_id=1, depends_on=3)
    assert error["current"] == {"path": [1, 3, 2, 1]}


async def test_a_stale_version_is_refused_with_the_current_row(agent: Agent) -> None:
    error = await agent.refused("update_task", task_id=4, title="mine", version=1)
    assert error["current"]["title"] == "four, second"
    assert error["current"]["version"] == 3
    assert error["current"]["tags"] == ["red"]


async def test_a_full_column_is_refused_with_its_limit(agent: Agent) -> None:
    error = await agent.refused("move_task", task_id=6, status="doing")
    assert {key: error["current"][key] for key in ("status", "wip_limit", "tasks")} == {
        "status": "doing",
        "wip_limit": 1,
        "tasks": 1,
    }


async def test_an_undo_that_would_lose_later_work_names_the_later_change(agent: Agent) -> None:
    first, second = [change["seq"] for change in await agent.changes() if change["action"] == "updated"]
    error = await agent.refused("undo", seq=first)
    check_words(error)
    assert error["code"] == "conflict"
    assert f"Change {second}" in error["message"]
    assert error["current"]["seq"] == second


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"operation": "create_task", "arguments": {"title": ""}}, "invalid"),
        ({"operation": "get_task", "arguments": {"task_id": 999}}, "not_found"),
        ({"operation": "move_task", "arguments": {"task_id": 6, "status": "doing"}}, "wip_limit"),
        ({"operation": "link_tasks", "arguments": {"task_id": 1, "depends_on": 3}}, "would_cycle"),
        ({"operation": "create_task", "arguments": {"title": "$9.id"}}, "invalid"),
        ({"operation": "create_task", "arguments": {"title": "$0.nothing"}}, "invalid"),
        ({"operation": "delete_task", "arguments": {"task_id": 1, "confirm": True}}, "invalid"),
        ({"operation": "run_batch", "arguments": {"calls": []}}, "invalid"),
        ({"operation": "creat_task", "arguments": {}}, "not_found"),
    ],
)
async def test_a_batch_that_fails_names_the_call_and_keeps_nothing(
    agent: Agent, call: dict[str, Any], code: str
) -> None:
    good = {"operation": "create_task", "arguments": {"title": "lost with the rest"}}
    error = await agent.refused("run_batch", calls=[good, call, good])
    check_words(error)
    assert (error["code"], error["current"]["index"]) == (code, 1)
    assert f"calls[1] {call['operation']}" in error["message"]
    assert (await agent("search", query="lost with the rest"))["rows"] == []


async def test_null_stands_for_an_optional_argument_left_out(connect: Connect) -> None:
    agent = await connect("--toolsets", "core,tags,notes", "--board", "Plan")
    given: dict[str, Any] = {"name": "Plan", "title": "x", "task_id": 1, "content": "y", "tasks": [{"title": "z"}]}
    given |= {"query": "x", "depends_on": 2, "note_id": 1, "tag": "red", "tags": ["blue"]}
    await agent("create_board", name="Plan", description=None, columns=None, idempotency_key=None)
    for tool in (await agent.client.list_tools()).tools:
        needed = tool.input_schema.get("required", [])
        nothing = dict.fromkeys(tool.input_schema.get("properties", {}))
        result = await agent.client.call_tool(tool.name, {**nothing, **{name: given[name] for name in needed}})
        unconfirmed = tool.name.startswith("delete_")
        assert (result.structured_content.get("code") == "invalid") == unconfirmed, result.structured_content


async def test_a_key_repeated_with_the_same_call_gets_the_first_answer(connect: Connect) -> None:
    agent = await connect()
    await agent("create_board", name="Plan")
    first = await agent("create_task", title="x", idempotency_key="k")
    since = await agent.last_seq()
    assert await agent("create_task", idempotency_key="k", title="x") == first
    assert await agent.last_seq() == since


async def test_who_lost_a_task_by_an_expired_lease_is_told_who_has_it(connect: Connect) -> None:
    ann = await connect("--actor", "ann", env={"KANBAN_LEASE_MINUTES": "0.0005"})
    bob = await connect("--actor", "bob")
    await ann("create_board", name="Plan")
    await ann("create_task", title="x")
    old = (await ann("claim_next"))["task"]["lease"]
    taken: dict[str, Any] = {}
    while "task" not in taken:
        taken = await bob("claim_next")
    assert (taken["task"]["lease"], "ann ran out" in taken["why"]) == (old + 1, True)
    for operation, arguments in {
        "complete_task": {},
        "release_task": {"note": "x"},
        "add_note": {"content": "x"},
        "move_task": {"status": "review"},
        "update_task": {"title": "y"},
    }.items():
        error = await ann.refused(operation, task_id=1, lease=old, **arguments)
        check_words(error)
        assert error["code"] == "held"
        assert f"Lease {old} is over, or another task's. Task 1 is held by bob until 2" in error["message"]
        assert (error["current"]["claimed_by"], error["current"]["lease"]) == ("bob", old + 1)
    assert (await bob("complete_task", task_id=1, lease=old + 1))["status"] == "done"


async def test_an_expired_lease_nobody_took_is_still_good(connect: Connect) -> None:
    ann = await connect("--actor", "ann", env={"KANBAN_LEASE_MINUTES": "0.000001"})
    await ann("create_board", name="Plan")
    await ann("create_task", title="x")
    lease = (await ann("claim_next"))["task"]["lease"]
    assert (await ann("complete_task", task_id=1, lease=lease))["status"] == "done"


async def test_a_task_held_by_another_is_refused_by_name(connect: Connect) -> None:
    ann, bob = await connect("--actor", "ann"), await connect("--actor", "bob")
    await ann("create_board", name="Plan")
    await ann("create_task", title="x")
    await ann("claim_next")
    for operation in ("complete_task", "release_task"):
        error = await bob.refused(operation, task_id=1)
        assert (error["code"], error["current"]["claimed_by"]) == ("held", "ann")
        assert "claim_next" in error["hint"]
    assert "task" not in await bob("claim_next")
