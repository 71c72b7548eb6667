"""A report as one SVG: the figures, then the charts below each other, readable at the width of a page."""

from kanban_mcp.charts import Chart, theme
from kanban_mcp.charts.chart import HEIGHT, WIDTH
from kanban_mcp.charts.svg import element, label, written
from kanban_mcp.reports.report import Report, drawn, figures, period

EDGE, GAP, TILES = 20, 16, 156
"""Pixels around and between; and how high the heading with its figures is."""


def picture(report: Report) -> str:
    """The whole picture, with a title and a description that tells what the charts show."""
    shown = drawn(report)
    height = TILES + len(shown) * (HEIGHT + GAP) + EDGE - GAP
    title, wide = f"Flow of {report.flow.board}", WIDTH + 2 * EDGE
    parts = [
        element("title", written(title), id="report-title"),
        element("desc", written(" ".join(chart.description for chart in shown)), id="report-desc"),
        element("style", "\n".join([theme.style(), *(chart.rules for chart in shown)])),
        element("rect", width=wide, height=height, class_="surface"),
        label(title, EDGE, 38, class_="figure"),
        label(period(report.flow), EDGE, 60, class_="muted"),
        _figures(report),
        *(_panel(chart, TILES + place * (HEIGHT + GAP)) for place, chart in enumerate(shown)),
    ]
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {wide} {height}",
        width=wide,
        height=height,
        role="img",
        class_="kb",
        aria_labelledby="report-title report-desc",
    )


def _figures(report: Report) -> str:
    """The figures as a table of one row, its heads below its values."""
    found = figures(report)
    width = (WIDTH - GAP / 2 * (len(found) - 1)) / len(found)
    cells = []
    for place, (name, value) in enumerate(found):
        left = EDGE + place * (width + GAP / 2)
        cells.append(
            element(
                "g",
                element("rect", x=left, y=74, width=width, height=62, rx=8, class_="panel"),
                label(value, left + 10, 104, class_="heading"),
                label(name, left + 10, 124, class_="muted small"),
            )
        )
    return element("g", *cells)


def _panel(chart: Chart, top: float) -> str:
    box = element("rect", x=0.5, y=0.5, width=WIDTH - 1, height=HEIGHT - 1, rx=10, class_="panel", fill_opacity="0")
    return element("g", box, chart.drawing, transform=f"translate({EDGE} {top})")
