"""How many tasks were finished, day by day, or week by week where there are many days."""

from kanban_mcp.charts import scale, words
from kanban_mcp.charts.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, Table, frame, levels, nothing
from kanban_mcp.charts.svg import element, tooltip
from kanban_mcp.models.flow import Flow

NAME, TITLE = "throughput", "Throughput"
MOST_DAYS = 62


def throughput(flow: Flow) -> Chart:
    """A bar for each day or week."""
    daily = len(flow.days) <= MOST_DAYS
    unit = "day" if daily else "week"
    steps = [(day.day, day.arrived, day.finished) for day in flow.days] if daily else list(flow.weeks)
    table = Table((unit.capitalize(), "Arrived", "Finished"), [(name, str(a), str(f)) for name, a, f in steps])
    if not flow.finished:
        return nothing(NAME, TITLE, "No task was finished in this period.", table)
    mean = len(flow.finished) / len(steps)
    vertical = scale.counts(max(finished for _, _, finished in steps), BOTTOM, TOP)
    horizontal = scale.time(steps[0][0], scale.day_after(flow.days[-1].day), LEFT, RIGHT)
    width = (RIGHT - LEFT) / len(steps)
    bars = [
        element(
            "rect",
            tooltip(f"{words.day(name)}: {finished} finished, {arrived} arrived"),
            x=LEFT + place * width + width * 0.12,
            y=vertical.at(finished),
            width=width * 0.76,
            height=BOTTOM - vertical.at(finished),
            class_="bar",
        )
        for place, (name, arrived, finished) in enumerate(steps)
        if finished
    ]
    said = f"{words.counted(len(flow.finished), 'task')} finished"
    line = levels([(mean, f"{words.mean(mean)} a {unit}")], vertical)
    return Chart(
        NAME,
        f"{TITLE} of {flow.board}",
        f"Tasks finished each {unit}: {said}, {words.mean(mean)} a {unit}, while {flow.arrived:,} arrived.",
        frame(TITLE, f"{said}, by {unit}", horizontal, vertical) + "".join(bars) + line,
        table,
    )
