"""How long each finished task took: what most take, and which were the exceptions."""

from kanban_mcp.charts import scale, words
from kanban_mcp.charts.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, Table, frame, levels, nothing
from kanban_mcp.charts.svg import element, tooltip
from kanban_mcp.models.flow import FinishedTask, Flow

NAME, TITLE = "cycle-time", "Cycle time"
GRID = 4
"""Points nearer than so many pixels are drawn as one, the stronger the more there are."""
UNEVEN = 20
"""When the longest took so many times the median, the axis is logarithmic."""
MOST_ROWS = 200


def cycle_time(flow: Flow) -> Chart:
    """A point for each task that was started and finished, with lines at the percentiles."""
    tasks = [(task, task.cycle) for task in flow.finished if task.cycle is not None]
    table = _table([task for task, _ in tasks])
    if flow.cycle is None:
        return nothing(NAME, TITLE, "No task that was started was finished in this period.", table)
    most = max(max(cycle for _, cycle in tasks), 1 / 3600)
    if most > UNEVEN * max(flow.cycle.p50, 1 / 3600):
        vertical = scale.hours_by_size(min(cycle for _, cycle in tasks), most, BOTTOM, TOP)
    else:
        vertical = scale.hours(most, BOTTOM, TOP)
    horizontal = scale.time(flow.since, flow.until, LEFT + 8, RIGHT - 8)
    points: dict[tuple[int, int], list[str]] = {}
    for task, cycle in tasks:
        x, y = horizontal.at(scale.instant(task.completed_at)), vertical.at(cycle)
        said = f"#{task.task_id}: {words.duration(cycle)}, done {words.day(task.completed_at)}"
        points.setdefault((round(x / GRID), round(y / GRID)), []).append(said)
    marks = flow.cycle.percentiles
    lines = levels([(hours, f"{percent} %: {words.duration(hours)}") for percent, hours in marks], vertical)
    spread = ", ".join(f"{percent} percent took {words.duration(hours)} or less" for percent, hours in marks)
    return Chart(
        NAME,
        f"{TITLE} of {flow.board}",
        f"Time from start to done of {words.counted(len(tasks), 'finished task')}: {spread}.",
        frame(TITLE, words.counted(len(tasks), "finished task"), horizontal, vertical) + _dots(points) + lines,
        table,
    )


def _dots(points: dict[tuple[int, int], list[str]]) -> str:
    most = max(map(len, points.values()))
    return "".join(
        element(
            "circle",
            tooltip(said[0] if len(said) == 1 else f"{len(said)} tasks, such as {said[0]}"),
            cx=x * GRID,
            cy=y * GRID,
            r=3.5,
            class_="dot",
            fill_opacity=f"{0.2 + 0.7 * len(said) / most:.2f}",
        )
        for (x, y), said in points.items()
    )


def _table(tasks: list[FinishedTask]) -> Table:
    columns = ("Task", "Done", "Cycle time", "Lead time", "By")
    latest = sorted(tasks, key=lambda task: task.completed_at, reverse=True)[:MOST_ROWS]
    return Table(
        columns,
        [
            (
                f"#{task.task_id}",
                task.completed_at[:10],
                words.duration(task.cycle),
                words.duration(task.lead),
                task.actor,
            )
            for task in latest
        ],
    )
