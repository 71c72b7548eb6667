"""A report on a board: its figures, how work flows, and what needs someone to look at it."""

import asyncio
import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import anyio.to_thread

from kanban_mcp.app import App
from kanban_mcp.models.caller import Caller
from kanban_mcp.reports.markdown import markdown
from kanban_mcp.reports.report import report as measured
from kanban_mcp.transport.mcp.markdown import rows, task, text

MOST_AGEING = 10
OLD = 85
"""Work older than so many of a hundred finished tasks were is named."""


class Report(NamedTuple):
    """A board as get_board answers it, and the report on it as Markdown."""

    view: dict[str, Any]
    text: str


class Reports:
    """Writes reports from what reading operations answer, in the caller's name."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def whole(self, board: Mapping[str, Any], caller: Caller) -> str:
        """The report on a board, then all figures of its flow, as `kanban-mcp report` writes them."""
        report = await self.on(board, caller)
        # No operation answers these figures whole. The caller's boards hold in its transaction as in any.
        measure = functools.partial(measured, self._app, report.view["id"], caller=caller)
        return f"{report.text}\n{markdown(await anyio.to_thread.run_sync(measure))}"

    async def on(self, board: Mapping[str, Any], caller: Caller) -> Report:
        """The report on a board; `board` is the argument of that name, or empty for the one that is meant."""
        view, stats, flow, blocked, overdue = await asyncio.gather(
            self._read("get_board", board, caller),
            self._read("get_board_stats", board, caller),
            self._read("get_flow_metrics", board, caller),
            self._read("list_tasks", {**board, "blocked": True}, caller),
            self._read("list_tasks", {**board, "overdue": True}, caller),
        )
        held = {row["task_id"]: row for row in rows(view.get("holders"))}
        lines = [f"# Report: {text(view['name'])}", "", *_figures(stats), *_flow(flow)]
        for title, page in (("Overdue", overdue), ("Blocked", blocked)):
            if page["rows"]:
                lines += [f"## {title}", "", *(task(row, held.get(row["id"])) for row in rows(page)), ""]
        return Report(view, "\n".join(lines))

    async def _read(self, operation: str, arguments: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return (await self._app.runner.read(operation, arguments, caller=caller, transport="mcp")).value


def _figures(stats: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{stats['open']} open, {stats['done']} done, {stats['completed_last_7_days']} of them in 7 days. "
        f"{stats['claimed']} held, {stats['expired_leases']} with an ended lease. "
        f"{stats['blocked']} blocked, {stats['overdue']} overdue, {stats['high_priority']} of high priority."
    )
    yield from ("", "| column | tasks | limit | oldest, days |", "|---|---|---|---|")
    for column in stats["columns"]:
        limit, oldest = column.get("wip_limit", ""), column.get("oldest_days", "")
        yield f"| {column['status']} | {column['tasks']} | {limit} | {oldest} |"
    yield ""


def _flow(flow: Mapping[str, Any]) -> Iterator[str]:
    """What the last weeks tell of how long work takes."""
    yield from ("## Flow", "", f"Since {flow['since'][:10]}: {flow['arrived']} arrived, {flow['finished']} finished.")
    for name, noun in (("cycle_hours", "From work to done"), ("lead_hours", "From asked to done")):
        if spread := flow.get(name):
            yield f"{noun}: half within {spread['p50']} h, 85 of 100 within {spread['p85']} h."
    yield ""
    old = [row for row in rows(flow.get("ageing")) if row["over"] >= OLD][:MOST_AGEING]
    if old:
        yield from ("In work longer than most took:", "")
        yield from (f"- #{row['task_id']} {text(row['title'])}, {row['status']}, {row['age_hours']} h" for row in old)
        yield ""
