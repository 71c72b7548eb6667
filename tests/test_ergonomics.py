"""What agents pay for what they do stays within a table; a change that costs more shows there."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.agent_tasks import Cost, costs

TABLE = Path(__file__).parent / "snapshots" / "ergonomics.json"
UPDATE = "UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/test_ergonomics.py && make docs"
TOLERANCE = 0.02
"""Of bytes, either way: the table tells what is so, not what once was."""


@pytest.fixture(scope="module")
def measured() -> dict[str, Cost]:
    """What each task costs now."""
    return costs()


@pytest.fixture(scope="module")
def table(measured: dict[str, Cost]) -> dict[str, Cost]:
    """What each task may cost."""
    if os.environ.get("UPDATE_SNAPSHOTS"):
        said = {name: asdict(cost) for name, cost in measured.items()}
        TABLE.write_text(json.dumps(said, indent=1) + "\n")
    return {name: Cost(**cost) for name, cost in json.loads(TABLE.read_text()).items()}


def test_thirty_tasks_are_measured(measured: dict[str, Cost]) -> None:
    assert len(measured) == 30


def test_every_task_costs_what_the_table_says(measured: dict[str, Cost], table: dict[str, Cost]) -> None:
    assert list(measured) == list(table)
    differing = {
        name: (table[name], cost)
        for name, cost in measured.items()
        if cost.calls != table[name].calls
        or abs(cost.sent - table[name].sent) > TOLERANCE * table[name].sent
        or abs(cost.read - table[name].read) > TOLERANCE * table[name].read
    }
    assert differing == {}, f"if agents are to pay that: {UPDATE}"


def test_no_task_costs_more_than_agents_can_spare(measured: dict[str, Cost]) -> None:
    assert all(cost.calls <= 5 and cost.read <= 4_000 for cost in measured.values())
