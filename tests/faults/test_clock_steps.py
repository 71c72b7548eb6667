"""The machine's clock is set back or forth: order comes from the log, stamps never go back, claims stay."""

from typing import Any

import pytest

from kanban_mcp.app import App, open_app
from kanban_mcp.errors import Held
from kanban_mcp.settings import Settings
from tests.conftest import Call, SettableClock

HOUR = 60


@pytest.fixture
async def task(call: Call, board: dict[str, Any]) -> dict[str, Any]:
    """A task that ann has claimed, a minute ago."""
    await call("create_task", title="x")
    claim = await call("claim_next")
    claimed: dict[str, Any] = claim["task"]
    return claimed


async def changes(call: Call) -> list[dict[str, Any]]:
    page = await call("list_changes", limit=100)
    return [dict(zip(page["columns"], row, strict=True)) for row in page["rows"]]


@pytest.mark.parametrize("minutes", [-HOUR, -1, 0, HOUR])
async def test_stamps_and_order_of_the_log_agree_when_the_clock_steps(
    call: Call, clock: SettableClock, board: dict[str, Any], minutes: int
) -> None:
    for number in range(5):
        await call("create_task", title=f"before {number}")
    clock.advance(minutes=minutes)
    for number in range(5):
        await call("create_task", title=f"after {number}")
    log = await changes(call)
    assert [change["seq"] for change in log] == sorted(change["seq"] for change in log)
    stamps = [change["at"] for change in log]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == len(stamps)


async def test_a_change_is_never_older_than_the_one_before_it(
    call: Call, clock: SettableClock, task: dict[str, Any]
) -> None:
    clock.advance(minutes=-HOUR)
    changed = await call("update_task", task_id=task["id"], title="y")
    assert changed["updated_at"] > task["updated_at"]
    assert changed["created_at"] <= changed["started_at"] <= changed["updated_at"]


async def test_a_running_lease_survives_a_clock_that_is_set_back(
    call: Call, clock: SettableClock, task: dict[str, Any]
) -> None:
    clock.advance(minutes=-HOUR)
    assert "task" not in await call("claim_next", actor="bob")
    done = await call("complete_task", task_id=task["id"], lease=task["lease"])
    assert done["status"] == "done"


async def test_a_lease_renewed_under_a_clock_set_back_still_runs(
    call: Call, clock: SettableClock, task: dict[str, Any]
) -> None:
    clock.advance(minutes=-HOUR)
    await call("add_note", task_id=task["id"], content="still at it", lease=task["lease"])
    clock.advance(minutes=HOUR + 29)
    with pytest.raises(Held):
        await call("claim_next", actor="bob", task_id=task["id"])


async def test_a_holder_is_shown_no_negative_times_after_a_step(
    call: Call, clock: SettableClock, task: dict[str, Any]
) -> None:
    clock.advance(minutes=-HOUR)
    holders = (await call("get_board"))["holders"]
    row = dict(zip(holders["columns"], holders["rows"][0], strict=True))
    assert row["held_seconds"] >= 0
    assert row["expires_in_seconds"] > 0


async def test_a_lease_ends_early_rather_than_never_when_the_clock_leaps_ahead(
    call: Call, clock: SettableClock, task: dict[str, Any]
) -> None:
    clock.advance(minutes=HOUR)
    taken = await call("claim_next", actor="bob")
    assert taken["task"]["lease"] == task["lease"] + 1


async def test_a_server_with_another_clock_does_not_put_the_log_out_of_order(app: App, call: Call) -> None:
    await call("create_board", name="Plan")
    slow = SettableClock()
    slow.advance(minutes=-HOUR)
    with open_app(Settings(db=app.database.path), clock=slow) as other:
        await other.runner.call("create_task", {"title": "from the past"}, actor="bob")
    await call("create_task", title="from now")
    log = await changes(call)
    assert [change["seq"] for change in log] == [1, 2, 3]
    assert [change["actor"] for change in log] == ["ann", "bob", "ann"]
