"""Forecasts: what they rest on, that they repeat, and that chance is right where it can be worked out."""

from typing import Any

import pytest

from kanban_mcp.services import trials
from kanban_mcp.services.figures import percentile
from tests.conftest import Call, Refused, SettableClock

Board = dict[str, Any]


async def finish_daily(call: Call, clock: SettableClock, *, days: int, a_day: int) -> None:
    """Finish so many tasks on each of so many days, an hour before the day is over."""
    for _ in range(days):
        clock.advance(hours=23)
        for _ in range(a_day):
            task = await call("create_task", title="work", board="Alpha")
            await call("complete_task", task_id=task["id"])
        clock.advance(hours=1)


async def test_a_steady_pace_has_one_future(call: Call, board: Board, clock: SettableClock) -> None:
    # Two a day for ten days: seven open tasks take four days, and in five days ten are done, whatever is drawn.
    await call("create_tasks", board="Alpha", tasks=[{"title": f"{number}"} for number in range(7)])
    await finish_daily(call, clock, days=10, a_day=2)
    found = await call("forecast", board="Alpha", by="2026-01-16T12:00:00Z")
    in_four_days = "2026-01-15T12:00:00.000000Z"
    assert found["when"] == {"tasks": 7, "p50": in_four_days, "p85": in_four_days, "p95": in_four_days}
    assert found["how_many"] == {"by": "2026-01-16T12:00:00.000000Z", "p50": 10, "p85": 10, "p95": 10}
    assert "why" not in found


async def test_a_forecast_says_how_much_history_it_rests_on(call: Call, board: Board, clock: SettableClock) -> None:
    await call("create_task", title="open", board="Alpha")
    clock.advance(minutes=1)
    await finish_daily(call, clock, days=9, a_day=1)
    found = await call("forecast", board="Alpha", tasks=3)
    # The task that stays open was made a minute before the first of the nine days.
    history = {"since": "2026-01-01T12:01:00.000000Z", "steps": 9, "step": "day", "arrived": 9, "finished": 9}
    assert found["history"] == history
    assert found["trials"] == trials.MOST_TRIALS
    assert found["why"] == "It rests on little: 9 finished in 9 whole days."


async def test_a_young_board_is_forecast_by_hours(call: Call, board: Board, clock: SettableClock) -> None:
    # One an hour for eight hours: three open ones take three hours more.
    for _ in range(8):
        clock.advance(minutes=30)
        task = await call("create_task", title="work", board="Alpha")
        clock.advance(minutes=30)
        await call("complete_task", task_id=task["id"])
    clock.advance(minutes=29)
    found = await call("forecast", board="Alpha", tasks=3)
    assert (found["history"]["step"], found["history"]["steps"]) == ("hour", 7)
    assert found["when"]["p95"] == "2026-01-01T23:29:00.000000Z"
    assert "It rests on little" in found["why"]


async def test_without_anything_finished_there_is_no_forecast_and_it_is_said_why(
    call: Call, board: Board, clock: SettableClock
) -> None:
    await call("create_task", title="open", board="Alpha")
    clock.advance(hours=2, minutes=1)
    found = await call("forecast", board="Alpha")
    assert "when" not in found
    assert found["why"] == "There is nothing to draw from: no task was finished in 2 whole hours before now."


async def test_a_board_without_open_tasks_has_nothing_to_forecast(
    call: Call, board: Board, clock: SettableClock
) -> None:
    await finish_daily(call, clock, days=8, a_day=2)
    assert (await call("forecast", board="Alpha"))["why"] == "Nothing is open."


async def test_a_forecast_is_narrowed_to_a_tag(call: Call, board: Board, clock: SettableClock) -> None:
    # Of the two finished each day one has the tag; two with it are open: two days.
    await call("create_tasks", board="Alpha", tasks=[{"title": "open", "tags": ["api"]}] * 2)
    clock.advance(minutes=1)
    for _ in range(10):
        for tags in (["api"], []):
            task = await call("create_task", title="work", board="Alpha", tags=tags)
            clock.advance(hours=12)
            await call("complete_task", task_id=task["id"])
    found = await call("forecast", board="Alpha", tag="api")
    assert found["history"]["finished"] == 10
    assert found["when"]["tasks"] == 2
    assert found["when"]["p95"] == "2026-01-13T12:01:00.000000Z"


async def test_the_same_history_gives_the_same_forecast(call: Call, board: Board, clock: SettableClock) -> None:
    for day in range(12):
        await finish_daily(call, clock, days=1, a_day=day % 4)
    first = await call("forecast", board="Alpha", tasks=20, by="2026-02-01")
    assert await call("forecast", board="Alpha", tasks=20, by="2026-02-01") == first


async def test_what_takes_longer_than_trials_look_ahead_has_no_date(
    call: Call, board: Board, clock: SettableClock
) -> None:
    await call("create_task", title="open", board="Alpha")
    clock.advance(minutes=1)
    await finish_daily(call, clock, days=1, a_day=1)
    await finish_daily(call, clock, days=25, a_day=0)
    found = await call("forecast", board="Alpha", tasks=100_000)
    assert found["when"]["p50"] is None
    assert "Trials end after 3000 days; what is left out is later." in found["why"]


async def test_a_date_that_is_past_is_refused(refused: Refused, board: Board) -> None:
    error = await refused("forecast", board="Alpha", by="2020-01-01")
    assert (error.code, error.message) == ("invalid", "by 2020-01-01T00:00:00.000000Z is not ahead.")


def test_trials_agree_with_chance_where_that_can_be_worked_out() -> None:
    # Each step finishes a task or none, evenly: to finish one takes 1 step in half of the cases, at most 3 in 7 of 8
    # and at most 5 in 31 of 32.
    steps = trials.steps_until([0, 1], 1)
    assert [percentile(steps, percent) for percent in (49, 85, 95)] == [1, 3, 5]
    # In four steps: at least 2 with 11/16, at least 1 with 15/16.
    counts = trials.finished_in([0, 1], 4)
    assert [percentile(counts, percent) for percent in (50, 85)] == [2, 1]


@pytest.mark.parametrize(("tasks", "steps"), [(1, 1), (3, 1), (4, 2), (300, 100)])
def test_a_trial_ends_in_the_step_that_finishes_the_last(tasks: int, steps: int) -> None:
    assert set(trials.steps_until([3], tasks)) == {steps}


def test_percentiles_are_values_that_were_there() -> None:
    # Nearest rank: the 50th of 4 is the 2nd, the 85th the 4th (3.4 rounded up).
    assert [percentile([1, 2, 3, 4], percent) for percent in (1, 50, 85, 100)] == [1, 2, 4, 4]
