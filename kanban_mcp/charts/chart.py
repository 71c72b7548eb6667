"""A chart: the drawing, what it is called, what it says in a sentence, and the figures it was drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kanban_mcp.charts import theme
from kanban_mcp.charts.scale import Scale
from kanban_mcp.charts.svg import element, label, written

WIDTH, HEIGHT = 720, 320
LEFT, TOP, RIGHT, BOTTOM = 64, 48, 604, 276
"""The ends of the axes; to the right of them stand names."""


class Table(NamedTuple):
    """Figures for those who read rather than look."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Chart:
    """`svg` stands alone: it has its style, a title and a description; `drawing` is what is in it."""

    name: str
    title: str
    description: str
    drawing: str
    table: Table
    rules: str = ""

    @property
    def svg(self) -> str:
        """The chart as a document of its own, or inside of a page."""
        return element(
            "svg",
            element("title", written(self.title), id=f"{self.name}-title"),
            element("desc", written(self.description), id=f"{self.name}-desc"),
            element("style", f"{theme.style()}\n{self.rules}"),
            element("rect", width=WIDTH, height=HEIGHT, class_="surface"),
            self.drawing,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            width=WIDTH,
            height=HEIGHT,
            role="img",
            class_="kb",
            aria_labelledby=f"{self.name}-title {self.name}-desc",
        )


def frame(title: str, subtitle: str, horizontal: Scale | None, vertical: Scale) -> str:
    """Heading, lines across, and what both axes name."""
    parts = [label(title, 16, 24, class_="heading"), label(subtitle, RIGHT, 24, class_="muted", text_anchor="end")]
    for value, name in vertical.ticks:
        height = vertical.at(value)
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=height, y2=height, class_="grid"))
        parts.append(label(name, LEFT - 8, height + 4, class_="muted small", text_anchor="end"))
    parts.append(element("line", x1=LEFT, x2=RIGHT, y1=BOTTOM, y2=BOTTOM, class_="axis"))
    for value, name in horizontal.ticks if horizontal else ():
        place = horizontal.at(value) if horizontal else 0
        parts.append(element("line", x1=place, x2=place, y1=BOTTOM, y2=BOTTOM + 5, class_="axis"))
        parts.append(label(name, place, BOTTOM + 20, class_="muted small", text_anchor="middle"))
    return "".join(parts)


def levels(values: Sequence[tuple[float, str]], vertical: Scale) -> str:
    """Lines across at values, named at the right; names that would overlap move apart."""
    parts, free = [], float("inf")
    for value, name in sorted(values):
        height = vertical.at(value)
        place = min(height, free)
        free = place - 15
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=height, y2=height, class_="mark"))
        parts.append(label(name, RIGHT + 8, place + 4, class_="small"))
    return "".join(parts)


def nothing(name: str, title: str, why: str, table: Table) -> Chart:
    """A chart of nothing, which says so."""
    words = label(why, WIDTH / 2, HEIGHT / 2, class_="muted", text_anchor="middle")
    return Chart(name, title, why, label(title, 16, 24, class_="heading") + words, table)
