"""What a report tells: the flow of a board, and when its open tasks may be done."""

from typing import NamedTuple

from kanban_mcp import charts
from kanban_mcp.app import App
from kanban_mcp.charts import Chart, Table, words
from kanban_mcp.models.caller import NOBODY, Caller
from kanban_mcp.models.flow import Flow, Group, Outlook, Spread


class Report(NamedTuple):
    """All figures of a report."""

    flow: Flow
    outlook: Outlook


def report(
    app: App,
    board: int | str | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    tag: str | None = None,
    caller: Caller = NOBODY,
) -> Report:
    """Measure a board, of one state of the file. It may take seconds on a large board: not on an event loop.

    Moments as stored. Raises KanbanError as `get_flow_metrics` and `forecast` do.
    """
    with app.database.reading(caller):
        flow = app.services.measuring.measured(board, since, until, tag)
        return Report(flow, app.services.forecasting.outlook(flow.board_id, tag=tag))


def drawn(report: Report) -> tuple[Chart, ...]:
    """The charts of a report, in its order."""
    flow = report.flow
    return (
        charts.cumulative_flow(flow),
        charts.cycle_time(flow),
        charts.throughput(flow),
        charts.ageing(flow),
        charts.forecast(report.outlook),
    )


def period(flow: Flow) -> str:
    """From when to when, and where the log begins if that is later than it should."""
    said = f"{words.moment(flow.since)} to {words.moment(flow.until)}"
    return f"{said}. The log before {words.moment(flow.told_since)} was trimmed" if flow.trimmed else said


def figures(report: Report) -> list[tuple[str, str]]:
    """The few that matter most: a name and a value each."""
    flow, when = report.flow, report.outlook.forecast.when
    ahead = when.p85 if when else None
    return [
        ("finished", f"{len(flow.finished):,}"),
        ("arrived", f"{flow.arrived:,}"),
        ("in work", f"{len(flow.ageing):,}"),
        ("cycle time p85", words.duration(flow.cycle.p85 if flow.cycle else None)),
        ("time blocked", f"{flow.blocked_share:g} %"),
        ("all done p85", words.day(ahead) if ahead else "–"),
    ]


def spreads(flow: Flow) -> Table:
    """Durations of finished tasks."""
    named = (("Cycle time", flow.cycle), ("Lead time", flow.lead), ("Time blocked", flow.blocked))
    return Table(("", "Tasks", "50 %", "85 %", "95 %"), [_spread(name, spread) for name, spread in named if spread])


def stays(flow: Flow) -> Table:
    """Time in each column."""
    names = {band.status: band.name for band in flow.bands}
    rows = [
        (
            names.get(stay.status, stay.status),
            str(stay.tasks),
            words.duration(stay.p50),
            words.duration(stay.p85),
            f"{stay.share:g} %",
        )
        for stay in flow.stays
    ]
    return Table(("Column", "Tasks", "50 %", "85 %", "Share of time"), rows)


def groups(noun: str, found: tuple[Group, ...]) -> Table:
    """Figures of actors or tags, those with most finished tasks first."""
    rows = [
        (group.name, str(group.finished), words.duration(group.p50), words.duration(group.p85), str(group.wip))
        for group in found[:20]
    ]
    return Table((noun, "Finished", "Cycle time, 50 %", "85 %", "In work"), rows)


def tables(report: Report) -> list[tuple[str, Table]]:
    """The tables beside those of the charts, with their headings; empty ones are left out."""
    flow = report.flow
    found = [
        ("Durations", spreads(flow)),
        ("Time in each column", stays(flow)),
        ("By who finished it", groups("Actor", flow.actors)),
        ("By tag", groups("Tag", flow.tags)),
    ]
    return [(title, table) for title, table in found if table.rows]


def _spread(name: str, spread: Spread) -> tuple[str, ...]:
    return (name, str(spread.tasks), *(words.duration(hours) for _, hours in spread.percentiles))
