"""A report as one page that loads nothing from elsewhere, light or dark as the reader's system is."""

from kanban_mcp.charts import Chart, Table, theme
from kanban_mcp.charts.svg import element, written
from kanban_mcp.reports.report import Report, drawn, figures, period, tables

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; background: var(--kb-surface); color: var(--kb-ink); line-height: 1.45; }
main { max-width: 1480px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 8px; }
p { color: var(--kb-muted); margin: 0 0 16px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 0 0 20px; }
dl div, figure, section { background: var(--kb-surface); border: 1px solid var(--kb-line); border-radius: 10px; }
dl div { padding: 12px 16px; background: var(--kb-panel); display: flex; flex-direction: column-reverse; }
dt { color: var(--kb-muted); }
dd { margin: 0; font-size: 24px; font-weight: 600; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); gap: 16px; }
figure, section { margin: 0; padding: 12px 16px; min-width: 0; }
figure svg { width: 100%; height: auto; display: block; }
summary { cursor: pointer; color: var(--kb-muted); padding: 6px 0; }
summary:focus-visible { outline: 2px solid var(--kb-accent); }
.scroll { overflow: auto; max-height: 420px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--kb-line); overflow-wrap: anywhere; }
th { color: var(--kb-muted); font-weight: 500; }
@media print { details > * { display: block; } .scroll { max-height: none; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The reader's browser is told to load nothing, whatever stands in the page."""


def html(report: Report) -> str:
    """The whole page."""
    title = f"Flow of {report.flow.board}"
    head = (
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", written(title)),
        element("style", theme.style() + STYLE),
    )
    panels = [_figure(chart) for chart in drawn(report)] + [_section(*titled) for titled in tables(report)]
    why = report.outlook.forecast.why
    body = element(
        "main",
        element("h1", written(title)),
        element("p", written(f"{period(report.flow)}.")),
        element("dl", *(_tile(name, value) for name, value in figures(report))),
        element("div", *panels, class_="panels"),
        element("p", written(f"On the forecast: {why}")) if why else "",
    )
    page = element("html", element("head", *head), element("body", body, class_="kb"), lang="en")
    return f"<!doctype html>\n{page}\n"


def _tile(name: str, value: str) -> str:
    return element("div", element("dt", written(name)), element("dd", written(value)))


def _figure(chart: Chart) -> str:
    shown = element("summary", "The figures")
    table = element("details", shown, element("div", _table(chart.title, chart.table), class_="scroll", tabindex="0"))
    return element("figure", chart.svg, table if chart.table.rows else "")


def _section(title: str, table: Table) -> str:
    return element("section", element("h2", written(title)), _table(title, table), class_="scroll")


def _table(title: str, table: Table) -> str:
    head = element("tr", *(element("th", written(name), scope="col") for name in table.columns))
    rows = (element("tr", *(element("td", written(value)) for value in row)) for row in table.rows)
    return element("table", element("thead", head), element("tbody", *rows), aria_label=title)
