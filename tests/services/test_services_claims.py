"""Ready work, claims and leases."""

from typing import Any

import pytest

from tests.conftest import Call, Refused, SettableClock


async def claimed(call: Call, actor: str = "ann", **arguments: Any) -> int | None:
    """The id of the task that a claim gives, if any."""
    task = (await call("claim_next", actor=actor, **arguments)).get("task")
    return None if task is None else int(task["id"])


async def test_the_highest_priority_goes_first_then_the_column_nearest_to_work_then_the_order(
    call: Call, board: dict[str, Any]
) -> None:
    await call(
        "create_tasks",
        tasks=[
            {"title": "backlog, 5"},
            {"title": "todo, 5, second", "status": "todo"},
            {"title": "todo, 5, first", "status": "todo"},
            {"title": "backlog, 9", "priority": 9},
        ],
    )
    await call("move_task", task_id=3, before=2)
    assert [await claimed(call) for _ in range(4)] == [4, 3, 2, 1]


async def test_what_is_assigned_to_me_goes_first_and_what_is_others_never(call: Call, board: dict[str, Any]) -> None:
    await call(
        "create_tasks",
        tasks=[
            {"title": "anyone's", "priority": 9},
            {"title": "bob's", "priority": 10, "assignee": "bob"},
            {"title": "mine", "priority": 1, "assignee": "ann"},
        ],
    )
    assert [await claimed(call) for _ in range(3)] == [3, 1, None]
    assert await claimed(call, actor="bob") == 2


async def test_a_tag_takes_in_the_tags_below_it(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    await call("create_tag", tag="backend")
    await call("create_tag", tag="database", parent="backend")
    await call("create_tasks", tasks=[{"title": "other"}, {"title": "db", "tags": ["Database"]}])
    assert (await call("list_ready", tag="backend"))["rows"][0][0] == 2
    assert [await claimed(call, tag="backend"), await claimed(call, tag="backend")] == [2, None]
    assert (await refused("claim_next", tag="nonsense")).code == "not_found"


async def test_a_claim_moves_the_task_to_work_and_shows_the_brief(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x", acceptance=["works"], tags=["a"])
    claim = await call("claim_next")
    task = claim["task"]
    assert (task["status"], task["claimed_by"], task["lease"], task["attempts"]) == ("in_progress", "ann", 4, 1)
    assert (task["acceptance"], task["tags"]) == (["[ ] works"], ["a"])
    assert "priority 5" in claim["why"]


async def test_nothing_ready_says_why(call: Call, board: dict[str, Any]) -> None:
    assert "the board has no tasks yet" in (await call("claim_next"))["why"]
    await call("create_task", title="first", status="done")
    assert "every task on the board is done" in (await call("claim_next"))["why"]
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}])
    await call("claim_next", actor="bob")
    claim = await call("claim_next")
    assert "task" not in claim
    assert "1 blocked, 1 held" in claim["why"]


async def test_a_full_column_of_work_gives_nothing_and_says_so(
    call: Call, refused: Refused, board: dict[str, Any]
) -> None:
    columns = [
        {"status": "todo", "category": "todo"},
        {"status": "doing", "category": "active", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]
    await call("set_columns", columns=columns)
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b"}])
    await call("claim_next", actor="bob")
    assert "full: 1 of 1" in (await call("claim_next"))["why"]
    assert (await refused("claim_next", task_id=2)).code == "wip_limit"


async def test_a_task_may_be_claimed_by_its_id(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}, {"title": "c"}])
    assert await claimed(call, task_id=3) == 3
    assert (await refused("claim_next", task_id=3)).code == "held"
    assert (await refused("claim_next", task_id=3, actor="bob")).code == "held"
    assert (await refused("claim_next", task_id=2)).code == "conflict"
    await call("complete_task", task_id=3)
    assert (await refused("claim_next", task_id=3)).code == "conflict"


async def test_an_expired_lease_is_taken_over_and_attempts_are_counted(
    call: Call, clock: SettableClock, board: dict[str, Any]
) -> None:
    await call("create_task", title="x")
    lease = (await call("claim_next", actor="bob"))["task"]["lease"]
    clock.advance(minutes=29)
    assert await claimed(call) is None
    clock.advance(minutes=6)
    claim = await call("claim_next")
    assert (claim["task"]["lease"], claim["task"]["attempts"], claim["task"]["claimed_by"]) == (lease + 1, 2, "ann")
    assert "lease of bob ran out 5 min ago" in claim["why"]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("update_task", {"title": "y"}),
        ("move_task", {"status": "review"}),
        ("complete_task", {}),
        ("release_task", {}),
        ("add_note", {"content": "x"}),
        ("archive_task", {}),
        ("delete_task", {"confirm": True}),
    ],
)
async def test_a_lease_that_was_taken_over_is_refused_on_every_write(
    call: Call,
    refused: Refused,
    clock: SettableClock,
    board: dict[str, Any],
    operation: str,
    arguments: dict[str, Any],
) -> None:
    await call("create_task", title="x")
    lease = (await call("claim_next", actor="bob"))["task"]["lease"]
    clock.advance(minutes=31)
    await call("claim_next", actor="eve")
    error = await refused(operation, actor="bob", task_id=1, lease=lease, **arguments)
    assert error.code == "held"
    assert "held by eve until 2026-01-01T13:01" in error.message
    assert error.current is not None
    assert error.current["lease"] == lease + 1


@pytest.mark.parametrize("operation", ["move_task", "complete_task", "release_task", "archive_task"])
async def test_a_held_task_is_its_holders_to_move(
    call: Call, refused: Refused, board: dict[str, Any], operation: str
) -> None:
    await call("create_task", title="x")
    lease = (await call("claim_next", actor="bob"))["task"]["lease"]
    arguments = {"status": "review"} if operation == "move_task" else {}
    assert (await refused(operation, task_id=1, **arguments)).code == "held"
    await call(operation, actor="somebody with the lease", task_id=1, lease=lease, **arguments)


async def test_others_may_still_edit_and_comment_a_held_task(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    await call("claim_next", actor="bob")
    await call("update_task", task_id=1, priority=9)
    await call("add_note", task_id=1, content="look here")
    assert (await call("get_task", task_id=1))["priority"] == 9


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("update_task", {"task_id": 1, "title": "new"}),
        ("update_task", {"task_id": 1, "title": "x"}),
        ("move_task", {"task_id": 1, "status": "review"}),
        ("add_note", {"task_id": 1, "content": "n"}),
        ("link_tasks", {"task_id": 1, "depends_on": 2, "kind": "relates"}),
    ],
)
@pytest.mark.parametrize("by_lease", [False, True])
async def test_any_write_of_the_holder_renews_the_lease(
    call: Call,
    clock: SettableClock,
    board: dict[str, Any],
    operation: str,
    arguments: dict[str, Any],
    by_lease: bool,
) -> None:
    await call("create_tasks", tasks=[{"title": "x", "priority": 9}, {"title": "y"}])
    lease = (await call("claim_next", actor="bob"))["task"]["lease"]
    clock.advance(minutes=20)
    given = {**arguments, "lease": lease} if by_lease and operation != "link_tasks" else arguments
    await call(operation, actor="bob", **given)
    assert (await call("get_task", task_id=1))["lease_expires_at"] == "2026-01-01T12:50:00.000000Z"


async def test_a_write_of_another_renews_nothing(call: Call, clock: SettableClock, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    await call("claim_next", actor="bob")
    clock.advance(minutes=20)
    await call("add_note", task_id=1, content="hello")
    assert (await call("get_task", task_id=1))["lease_expires_at"].startswith("2026-01-01T12:30:00")


async def test_a_released_task_goes_back_with_a_handoff_for_the_next(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    lease = (await call("claim_next", actor="bob"))["task"]["lease"]
    await call("add_note", actor="bob", task_id=1, content="tried one way")
    released = await call("release_task", actor="bob", task_id=1, lease=lease, note="try the other way")
    assert (released["status"], "claimed_by" in released) == ("todo", False)
    task = (await call("claim_next"))["task"]
    assert (task["notes"][0]["category"], task["notes"][0]["content"]) == ("handoff", "try the other way")
    assert (task["lease"] > lease, task["attempts"]) == (True, 2)


async def test_what_nobody_holds_is_not_released(call: Call, refused: Refused, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    assert (await refused("release_task", task_id=1)).code == "conflict"


async def test_a_task_is_completed_once(call: Call, board: dict[str, Any]) -> None:
    await call("create_tasks", tasks=[{"title": "a"}, {"title": "b", "depends_on": ["$0"]}])
    lease = (await call("claim_next"))["task"]["lease"]
    first = await call("complete_task", task_id=1, lease=lease, note="did it")
    seq = (await call("list_changes", limit=100))["next"]
    second = await call("complete_task", task_id=1, lease=lease)
    assert (first["status"], first["unblocked"], second["already_done"]) == ("done", [2], True)
    assert (await call("list_changes", limit=100))["next"] == seq
    assert (await call("get_task", task_id=1))["notes"][0]["category"] == "progress"


async def test_who_completes_a_task_is_told_how_much_of_its_checklist_is_not_ticked(
    call: Call, board: dict[str, Any]
) -> None:
    await call("create_task", title="x", acceptance=["one", "[x] two", "three"])
    await call("create_task", title="y", acceptance=["[x] one"])
    assert (await call("complete_task", task_id=1))["acceptance_unticked"] == 2
    assert "acceptance_unticked" not in await call("complete_task", task_id=2)


async def test_a_holder_that_moves_its_task_back_gives_it_up(call: Call, board: dict[str, Any]) -> None:
    await call("create_task", title="x")
    await call("claim_next")
    await call("move_task", task_id=1, status="todo")
    assert await claimed(call, actor="bob") == 1


async def test_the_list_of_ready_work_is_in_the_order_of_claims(call: Call, board: dict[str, Any]) -> None:
    tasks: list[dict[str, Any]] = [{"title": f"{number}", "priority": number % 11} for number in range(30)]
    await call("create_tasks", tasks=tasks)
    page = await call("list_ready", limit=30)
    listed = [row[0] for row in page["rows"]]
    assert listed == [await claimed(call) for _ in range(30)]
