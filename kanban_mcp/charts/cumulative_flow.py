"""How many tasks were where, day by day: a band that widens is where work waits."""

from itertools import accumulate

from kanban_mcp.charts import scale, theme, words
from kanban_mcp.charts.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, Table, frame
from kanban_mcp.charts.svg import element, label, number, tooltip
from kanban_mcp.models.flow import Flow

NAME, TITLE = "cumulative-flow", "Cumulative flow"


def cumulative_flow(flow: Flow) -> Chart:
    """The columns as bands over each other, done at the bottom; a point is the end of a day."""
    # Drawn from the bottom: the columns from right to left.
    done = [at for at, band in enumerate(flow.bands) if band.category == "done"]
    order = done + [at for at in reversed(range(len(flow.bands))) if at not in done]
    stacks = [[0, *accumulate(day.counts[at] for at in order)] for day in flow.days]
    horizontal = scale.time(flow.days[0].day, flow.days[-1].day, LEFT, RIGHT)
    vertical = scale.counts(max(stack[-1] for stack in stacks), BOTTOM, TOP)
    places = [horizontal.at(scale.instant(day.day)) for day in flow.days]
    if len(places) == 1:
        places, stacks = [LEFT, RIGHT], stacks * 2
    rules, classes = theme.band_style(flow.bands)
    bands = []
    for level, at in enumerate(order):
        band = flow.bands[at]
        above = [(x, vertical.at(stack[level + 1])) for x, stack in zip(places, stacks, strict=True)]
        below = [(x, vertical.at(stack[level])) for x, stack in zip(places, stacks, strict=True)]
        points = " ".join(f"{number(x)},{number(y)}" for x, y in (*above, *reversed(below)))
        name = tooltip(f"{band.name}: {words.counted(flow.days[-1].counts[at], 'task')} now")
        bands.append(element("polygon", name, points=points, class_=f"band {classes[band.status]}"))
    drawing = frame(TITLE, _period(flow), horizontal, vertical)
    last = flow.days[-1]
    where = ", ".join(f"{band.name} {last.counts[at]}" for at, band in enumerate(flow.bands))
    return Chart(
        NAME,
        f"{TITLE} of {flow.board}",
        f"Tasks in each column at the end of each day, {_period(flow)}. At the end: {where}.",
        drawing + "".join(bands) + _key(flow, order, classes),
        _table(flow),
        rules,
    )


def _period(flow: Flow) -> str:
    return f"{words.day(flow.since, year=True)} to {words.day(flow.until, year=True)}"


def _key(flow: Flow, order: list[int], classes: dict[str, str]) -> str:
    """The names of the bands, from the top, as they lie."""
    step = min(20.0, (BOTTOM - TOP) / len(order))
    parts = []
    for place, at in enumerate(reversed(order)):
        band, height = flow.bands[at], TOP + place * step
        parts.append(element("rect", x=RIGHT + 10, y=height, width=11, height=11, class_=classes[band.status]))
        name = band.name if len(band.name) <= 13 else f"{band.name[:12]}…"
        parts.append(label(name, RIGHT + 27, height + 10, class_="small"))
    return "".join(parts)


def _table(flow: Flow) -> Table:
    columns = ("Day", "Arrived", "Finished", *(band.name for band in flow.bands))
    return Table(columns, [tuple(map(str, (day.day, day.arrived, day.finished, *day.counts))) for day in flow.days])
