"""Charts: sound SVG that stands alone, whatever users wrote and however much or little there is to draw."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from kanban_mcp import charts
from kanban_mcp.charts import Chart, scale, words
from kanban_mcp.models.flow import (
    AgeingTask,
    Band,
    FinishedTask,
    Flow,
    FlowDay,
    Forecast,
    Outlook,
    Rested,
    Spread,
    When,
)

SVG = "{http://www.w3.org/2000/svg}"
BANDS = (Band("todo", "To do", "todo"), Band("doing", "Doing", "active"), Band("done", "Done", "done"))
HOSTILE = '</text><script>alert("1")</script>&\u202e'
OF_FLOW: dict[str, Callable[[Flow], Chart]] = {
    "cumulative flow": charts.cumulative_flow,
    "cycle time": charts.cycle_time,
    "throughput": charts.throughput,
    "ageing": charts.ageing,
}


def finished(number: int, day: str, hours: float) -> FinishedTask:
    """A task done at noon of a day."""
    return FinishedTask(number, f"{day}T12:00:00.000000Z", "ann", hours + 1, hours, 0.0, {"doing": hours}, ())


def flow(*, days: int = 9, tasks: int = 5, ageing: int = 2, name: str = "Alpha") -> Flow:
    """Figures as they are measured, of a board of three columns."""
    dates = [f"2026-01-{day:02}" for day in range(1, days + 1)]
    done = tuple(finished(number, dates[number % days], 1.0 + number % 40) for number in range(tasks))
    a_day = Counter(task.completed_at[:10] for task in done)
    longest = max((task.lead for task in done), default=0.0) - 1
    cycle = Spread(tasks=tasks, p50=longest / 2, p85=longest, p95=longest) if done else None
    return Flow(
        board_id=1,
        board=name,
        since="2026-01-01T00:00:00.000000Z",
        until=f"{dates[-1]}T20:00:00.000000Z",
        told_since="2026-01-01T00:00:00.000000Z",
        trimmed=False,
        arrived=tasks,
        bands=BANDS,
        days=tuple(FlowDay(date, 1, a_day[date], 2, (3, 2, place)) for place, date in enumerate(dates)),
        finished=done,
        ageing=tuple(AgeingTask(9, name, "doing", "ann", 7.0 / (age + 1), 95, ()) for age in range(ageing)),
        cycle=cycle,
        lead=cycle,
        blocked=None,
        blocked_share=0,
        stays=(),
        actors=(),
        tags=(),
    )


def outlook(trials: tuple[tuple[str, int], ...]) -> Outlook:
    """A forecast of four tasks."""
    ends: list[str | None] = [*(at for at, _ in trials)] or [None]
    when = When(tasks=4, p50=ends[0], p85=ends[-1], p95=ends[-1])
    rested = Rested(since="2026-01-01T00:00:00.000000Z", steps=9, step="day", arrived=5, finished=5)
    count = sum(count for _, count in trials)
    return Outlook(Forecast(board_id=1, history=rested, trials=count, when=when), trials)


def parsed(chart: Chart) -> ElementTree.Element:
    """The chart as a reader of SVG sees it."""
    return ElementTree.fromstring(chart.svg)


@pytest.mark.parametrize("kind", OF_FLOW)
def test_a_chart_has_a_name_a_description_and_a_table_of_its_figures(kind: str) -> None:
    chart = OF_FLOW[kind](flow())
    root = parsed(chart)
    titles = {element.get("id"): element.text for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby", "").split() == list(titles)
    assert list(titles.values()) == [chart.title, chart.description]
    assert "Alpha" in chart.title
    assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)
    assert chart.table.rows


@pytest.mark.parametrize("kind", OF_FLOW)
def test_what_users_wrote_is_text_and_nothing_else(kind: str) -> None:
    hostile = replace(flow(name=HOSTILE), bands=tuple(band._replace(name=HOSTILE) for band in BANDS))
    chart = OF_FLOW[kind](hostile)
    assert {element.tag.removeprefix(SVG) for element in parsed(chart).iter()} <= {
        "svg", "title", "desc", "style", "rect", "line", "text", "circle", "polygon", "g",
    }  # fmt: skip
    assert "\u202e" not in chart.svg


@pytest.mark.parametrize("kind", OF_FLOW)
def test_a_chart_loads_nothing_and_knows_light_and_dark(kind: str) -> None:
    svg = OF_FLOW[kind](flow()).svg
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert "url(" not in svg and "@import" not in svg
    assert "prefers-color-scheme: dark" in svg


@pytest.mark.parametrize("kind", OF_FLOW)
@pytest.mark.parametrize(("days", "tasks", "ageing"), [(1, 0, 0), (1, 1, 1), (31, 0, 5), (2, 4000, 300)])
def test_nothing_a_little_and_a_lot_can_be_drawn(kind: str, days: int, tasks: int, ageing: int) -> None:
    chart = OF_FLOW[kind](flow(days=days, tasks=tasks, ageing=ageing))
    numbers = re.findall(r'(?:x|y|cx|cy|width|height|x1|y1|x2|y2)="([^"]*)"', chart.drawing)
    assert all(-50 <= float(number) <= 800 for number in numbers)
    assert parsed(chart) is not None


def test_many_points_are_drawn_as_few() -> None:
    assert charts.cycle_time(flow(days=30, tasks=20_000)).svg.count("<circle") < 3_000


def test_the_bands_are_stacked_with_done_at_the_bottom() -> None:
    polygons = [element for element in parsed(charts.cumulative_flow(flow())) if element.tag == f"{SVG}polygon"]
    assert [element.get("class") for element in polygons] == ["band done0", "band active0", "band todo0"]
    heights = [float(element.get("points", "").split()[0].split(",")[1]) for element in polygons]
    assert heights == sorted(heights, reverse=True)


def test_a_forecast_shows_how_many_trials_ended_when() -> None:
    chart = charts.forecast(outlook((("2026-02-01T00:00:00.000000Z", 75), ("2026-02-02T00:00:00.000000Z", 25))))
    bars = [element for element in parsed(chart) if element.get("class") == "bar"]
    assert [bar[0].text for bar in bars] == [
        "75 % of trials end by 1 Feb 2026, 00:00 UTC",
        "25 % of trials end by 2 Feb 2026, 00:00 UTC",
    ]
    assert chart.table.rows[0] == ("50 %", "1 Feb 2026, 00:00 UTC")


def test_a_forecast_without_dates_says_why() -> None:
    assert "later than they look ahead" in charts.forecast(outlook(())).svg


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (None, "–"),
        (0.0, "0 s"),
        (0.01, "36 s"),
        (0.2, "12 min"),
        (5, "5 h"),
        (23.9, "23.9 h"),
        (24, "1 d"),
        (1e4, "417 d"),
    ],
)
def test_durations_are_said_in_the_unit_that_fits(hours: float | None, said: str) -> None:
    assert words.duration(hours) == said


@pytest.mark.parametrize(
    ("most", "names"),
    [
        (4, ["0", "1", "2", "3", "4"]),
        (37, ["0", "10", "20", "30", "40"]),
        (0, ["0", "1"]),
        (1100, ["0", "500", "1,000", "1,500"]),
    ],
)
def test_axes_name_round_numbers(most: float, names: list[str]) -> None:
    assert [name for _, name in scale.counts(most, 100, 0).ticks] == names
