"""The figures of flow as an answer: tables within a budget of bytes."""

from collections.abc import Iterable, Sequence
from typing import Any

from kanban_mcp.answers import compact
from kanban_mcp.models.flow import Flow, FlowDay, FlowMetrics, Group
from kanban_mcp.models.page import Page, page
from kanban_mcp.services.figures import rounded

STEPS = (1, 7, 28, 91, 364)
"""How many days a row may stand for: the first of these with which the table fits."""
DAYS_BYTES, WEEKS_BYTES, COLUMNS_BYTES, AGEING_BYTES, GROUP_BYTES = 6_000, 1_500, 2_000, 3_000, 1_500
"""What each table may take; together as much as a page of any list."""
LONGEST_TITLE = 60


def metrics(flow: Flow, limit: int) -> FlowMetrics:
    """The compact form of what was measured."""
    days, step = _days(flow)
    return FlowMetrics(
        board_id=flow.board_id,
        since=flow.since,
        until=flow.until,
        log_since=flow.told_since,
        trimmed=flow.trimmed,
        arrived=flow.arrived,
        finished=len(flow.finished),
        wip=len(flow.ageing),
        cycle_hours=flow.cycle,
        lead_hours=flow.lead,
        blocked_hours=flow.blocked,
        blocked_share=flow.blocked_share,
        columns=page(("status", "tasks", "p50", "p85", "share"), flow.stays, list, limit=30, budget=COLUMNS_BYTES),
        days=days,
        step_days=step,
        weeks=_last(("week", "arrived", "finished"), flow.weeks, WEEKS_BYTES),
        ageing=_ageing(flow, limit),
        actors=_groups("actor", flow.actors, limit),
        tags=_groups("tag", flow.tags, limit),
    )


def stepped(days: Sequence[FlowDay], step: int) -> list[FlowDay]:
    """Every so many days as one, the last of them whole: what happened is summed, what was is that at the end."""
    first = len(days) % step or step
    ends = range(first, len(days) + 1, step)
    return [_joined(days[max(0, end - step) : end]) for end in ends]


def _joined(days: Sequence[FlowDay]) -> FlowDay:
    return days[-1]._replace(arrived=sum(day.arrived for day in days), finished=sum(day.finished for day in days))


def _days(flow: Flow) -> tuple[Page, int]:
    """The days, in steps that fit; each row tells the counts at the end of its last day."""
    columns = ("day", "arrived", "finished", "wip", *(band.status for band in flow.bands))
    for step in STEPS:
        rows = [[*day[:4], *day.counts] for day in stepped(flow.days, step)]
        if len(compact(rows)) <= DAYS_BYTES:
            return Page(columns=columns, rows=rows), step
    return _last(columns, rows, DAYS_BYTES), step


def _last(columns: tuple[str, ...], items: Iterable[Iterable[Any]], budget: int) -> Page:
    """A table of which the last rows matter most."""
    rows = [list(item) for item in items]
    kept = page(columns, rows[::-1], list, limit=len(rows) or 1, budget=budget)
    return kept.model_copy(update={"rows": kept.rows[::-1]})


def _ageing(flow: Flow, limit: int) -> Page | None:
    if not flow.ageing:
        return None
    return page(
        ("task_id", "title", "status", "actor", "age_hours", "over"),
        flow.ageing[: limit + 1],
        lambda task: [task.task_id, _short(task.title), task.status, task.actor, rounded(task.age), task.over],
        limit=limit,
        total=len(flow.ageing),
        budget=AGEING_BYTES,
    )


def _groups(noun: str, groups: Sequence[Group], limit: int) -> Page | None:
    if not groups:
        return None
    columns = (noun, "finished", "cycle_p50", "cycle_p85", "wip")
    return page(columns, groups[: limit + 1], list, limit=limit, total=len(groups), budget=GROUP_BYTES)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
