"""What do thirty things that agents do cost them?"""

from benchmarks.agent_tasks import costs
from benchmarks.report import Figure

CALLS, SENT, READ = 2.5, 200.0, 900.0
"""Bars of the means, for a task; the table of each is kept by a test."""


def measure() -> list[Figure]:
    """Means over the tasks."""
    found = list(costs().values())
    count = len(found)
    return [
        Figure("calls of an agent's task", sum(cost.calls for cost in found) / count, "calls", CALLS, "at most"),
        Figure("written by the agent", sum(cost.sent for cost in found) / count, "bytes", SENT, "at most"),
        Figure("read by the agent", sum(cost.read for cost in found) / count, "bytes", READ, "at most"),
    ]
