"""When the open tasks may be done: how many trials ended when."""

from kanban_mcp.charts import scale, words
from kanban_mcp.charts.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, Table, frame, nothing
from kanban_mcp.charts.svg import element, label, tooltip
from kanban_mcp.models.flow import Outlook, When

NAME, TITLE = "forecast", "Forecast"
BARS = 40


def forecast(outlook: Outlook) -> Chart:
    """A bar for each span of time in which trials ended, with lines at the dates that hold in 50, 85, 95 of 100."""
    made, when = outlook.forecast, outlook.forecast.when
    table = Table(("Chance", "Done by"), [(f"{percent} %", words.moment(at)) for percent, at in _dates(when)])
    if when is None or not outlook.trials:
        return nothing(NAME, TITLE, made.why or "All trials end later than they look ahead.", table)
    bars = _bars(outlook.trials)
    horizontal = scale.time(bars[0][0], bars[-1][1], LEFT, RIGHT)
    # Room above the highest bar, for the names of the lines.
    vertical = scale.counts(max(count for _, _, count in bars) * 130 / made.trials, BOTTOM, TOP)
    parts = []
    for start, end, count in bars:
        left, right = horizontal.at(scale.instant(start)), horizontal.at(scale.instant(end))
        height, share = vertical.at(count * 100 / made.trials), f"{100 * count / made.trials:.2g} %"
        box = {"x": left + 0.5, "y": height, "width": max(1.0, right - left - 1), "height": BOTTOM - height}
        parts.append(element("rect", tooltip(f"{share} of trials end by {words.moment(end)}"), class_="bar", **box))
    rested = made.history
    basis = f"{words.counted(rested.finished, 'task')} finished in {words.counted(rested.steps, rested.step)}"
    said = ", ".join(f"{percent} percent by {words.moment(at)}" for percent, at in _dates(when))
    title = f"{TITLE}: {words.counted(when.tasks, 'open task')}"
    return Chart(
        NAME,
        title,
        f"When {words.counted(when.tasks, 'task')} may be done, from {made.trials:,} trials over {basis}: {said}.",
        frame(title, "percent of trials that end then", horizontal, vertical)
        + "".join(parts)
        + _marks(when, horizontal),
        table,
    )


def _dates(when: When | None) -> list[tuple[int, str]]:
    if when is None:
        return []
    return [(percent, at) for percent, at in ((50, when.p50), (85, when.p85), (95, when.p95)) if at is not None]


def _bars(trials: tuple[tuple[str, int], ...]) -> list[tuple[str, str, int]]:
    """Trials gathered to few bars: from, until, how many ended."""
    first, last = scale.instant(trials[0][0]), scale.instant(trials[-1][0])
    steps = [scale.instant(later) - scale.instant(at) for (at, _), (later, _) in zip(trials, trials[1:], strict=False)]
    step = min(steps, default=86_400.0)
    width = step * max(1, -(-int((last - first) / step + 1) // BARS))
    counts: dict[int, int] = {}
    for at, count in trials:
        place = int((scale.instant(at) - first) / width + 1e-9)
        counts[place] = counts.get(place, 0) + count
    begin = first - step
    return [
        (scale.stamp(begin + place * width), scale.stamp(begin + (place + 1) * width), count)
        for place, count in counts.items()
    ]


def _marks(when: When, horizontal: scale.Scale) -> str:
    parts = []
    for row, (percent, at) in enumerate(_dates(when)):
        place, height = horizontal.at(scale.instant(at)), TOP + 12 + row * 17
        parts.append(element("line", x1=place, x2=place, y1=height - 8, y2=BOTTOM, class_="mark"))
        side, gap = ("end", -6) if place > RIGHT - 130 else ("start", 6)
        parts.append(label(f"{percent} %: {words.day(at)}", place + gap, height + 3, class_="small", text_anchor=side))
    return "".join(parts)
