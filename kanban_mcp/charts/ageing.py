"""How old the work in progress is, against how long finished work took."""

from collections import defaultdict

from kanban_mcp.charts import scale, words
from kanban_mcp.charts.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, Table, frame, levels, nothing
from kanban_mcp.charts.svg import element, label, tooltip
from kanban_mcp.models.flow import AgeingTask, Flow

NAME, TITLE = "ageing", "Ageing work"
NAMED = 3
"""So many of the oldest tasks of a column are named beside their points."""
GRID, LINE = 4, 14
"""Pixels between points, and between names."""


def ageing(flow: Flow) -> Chart:
    """A point for each task in work, in its column, with lines at the percentiles of cycle time."""
    table = _table(flow.ageing)
    if not flow.ageing:
        return nothing(NAME, TITLE, "Nothing is in work now.", table)
    lines = [(hours, f"{percent} % of done") for percent, hours in flow.cycle.percentiles] if flow.cycle else []
    vertical = scale.hours(max(flow.ageing[0].age, *(value for value, _ in lines), 1 / 3600), BOTTOM, TOP)
    columns = [band for band in flow.bands if band.category == "active" and not band.removed]
    width = (RIGHT - LEFT) / len(columns)
    within: dict[str, list[AgeingTask]] = defaultdict(list)
    for task in flow.ageing:
        within[task.status].append(task)
    parts = []
    for place, band in enumerate(columns):
        middle = LEFT + (place + 0.5) * width
        said = f"{band.name} ({len(within[band.status])})"
        parts.append(label(said, middle, BOTTOM + 20, class_="muted small", text_anchor="middle"))
        parts.append(_points(within[band.status], middle, width, vertical))
    over = sum(task.over >= 85 for task in flow.ageing)
    return Chart(
        NAME,
        f"{TITLE} of {flow.board}",
        f"Age of {words.counted(len(flow.ageing), 'task')} in work now. {over} are older than 85 percent of finished "
        f"work was. The oldest is #{flow.ageing[0].task_id}, {words.duration(flow.ageing[0].age)}.",
        frame(TITLE, f"{words.counted(len(flow.ageing), 'task')} in work now", None, vertical)
        + levels(lines, vertical)
        + "".join(parts),
        table,
    )


def _points(tasks: list[AgeingTask], middle: float, width: float, vertical: scale.Scale) -> str:
    """Tasks of a column, the oldest first; those of one height stand side by side."""
    rows: dict[int, list[AgeingTask]] = defaultdict(list)
    for task in tasks:
        rows[round(vertical.at(task.age) / GRID)].append(task)
    parts: list[str] = []
    named: list[int] = []
    for height, beside in rows.items():
        step = min(11, (width - 60) / len(beside))
        left = middle - step * (len(beside) - 1) / 2
        for place, task in enumerate(beside):
            said = f"#{task.task_id} {task.title}: {words.duration(task.age)}"
            shade = f"over{task.over}" if task.over else "within"
            x = left + place * step
            parts.append(
                element("circle", tooltip(said), cx=x, cy=height * GRID, r=5, class_=f"dot {shade}", fill_opacity=0.8)
            )
        if len(named) < NAMED and all(height - other >= LINE / GRID for other in named):
            named.append(height)
            end = left + (len(beside) - 1) * step + 9
            parts.append(label(f"#{beside[0].task_id}", end, height * GRID + 4, class_="small"))
    return "".join(parts)


def _table(tasks: tuple[AgeingTask, ...]) -> Table:
    return Table(
        ("Task", "Title", "Column", "By", "Age", "Older than"),
        [
            (
                f"#{task.task_id}",
                task.title,
                task.status,
                task.actor,
                words.duration(task.age),
                f"{task.over} %" if task.over else "",
            )
            for task in tasks[:100]
        ],
    )
