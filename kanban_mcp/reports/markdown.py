"""A report as Markdown. What users wrote is escaped: it makes no links, images, code or HTML here."""

import re

from kanban_mcp.charts import Table
from kanban_mcp.reports.report import Report, drawn, figures, period, tables
from kanban_mcp.visible import visible

MOST_ROWS = 31
"""Of the table of a chart, the last: as many days as a month has."""

_ACTIVE = re.compile(r"([\\`\[\]<>|*_])")


def markdown(report: Report) -> str:
    """The figures as tables, in the order of the charts."""
    said = ", ".join(f"{name} **{value}**" for name, value in figures(report))
    lines = [f"# Flow of {_text(report.flow.board)}", "", f"{period(report.flow)}.", "", f"{said}.", ""]
    for title, table in tables(report):
        lines += [f"## {title}", "", *_rows(table), ""]
    for chart in drawn(report):
        lines += [f"## {_text(chart.title)}", "", _text(chart.description), ""]
        if chart.table.rows:
            lines += [*_rows(chart.table), ""]
    why = report.outlook.forecast.why
    return "\n".join([*lines, why, ""] if why and report.outlook.trials else lines)


def _rows(table: Table) -> list[str]:
    head = f"| {' | '.join(map(_text, table.columns))} |"
    rows = [f"| {' | '.join(map(_text, row))} |" for row in table.rows[-MOST_ROWS:]]
    return [head, "|---" * len(table.columns) + "|", *rows]


def _text(value: str) -> str:
    return _ACTIVE.sub(r"\\\1", visible(" ".join(value.split())))
