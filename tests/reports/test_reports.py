"""Reports of a board: the same figures as Markdown, as a page and as a picture."""

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from docs.explanation import flow_report
from kanban_mcp.app import App
from kanban_mcp.reports.html import html
from kanban_mcp.reports.markdown import markdown
from kanban_mcp.reports.picture import picture
from kanban_mcp.reports.report import Report, report
from tests.conftest import Call, SettableClock

HOSTILE = "<img src=x onerror=alert(1)> | `x` [a](http://b)"


@pytest.fixture
async def made(app: App, call: Call, clock: SettableClock) -> Report:
    """A board where ten tasks were finished, an hour each, and one is in work; its names mean harm."""
    await call("create_board", name=HOSTILE)
    for _ in range(10):
        task = await call("create_task", title=HOSTILE, tags=["api"])
        await call("claim_next", task_id=task["id"])
        clock.advance(hours=1)
        await call("complete_task", task_id=task["id"])
    await call("create_task", title=HOSTILE, status="in_progress", assignee=HOSTILE)
    return report(app, 1)


class Reader(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen.append((tag, dict(attrs)))


async def test_a_page_stands_alone_and_is_for_all_readers(made: Report) -> None:
    page = html(made)
    reader = Reader()
    reader.feed(page)
    tags = [tag for tag, _ in reader.seen]
    assert not {"script", "img", "link", "iframe", "object"} & set(tags)
    assert not [value for _, named in reader.seen for name, value in named.items() if name in ("src", "href")]
    assert "default-src 'none'" in page
    assert "color-scheme: light dark" in page
    assert ("html", {"lang": "en"}) in reader.seen
    assert tags.count("figure") == 5 and tags.count("h1") == 1
    # Each chart with something in it has its figures as a table, which is named after it.
    assert tags.count("details") == 5
    names = [named.get("aria-label") for tag, named in reader.seen if tag == "table"]
    assert len(names) == len(set(names)) and all(names)
    ids = [named["id"] for _, named in reader.seen if "id" in named]
    assert len(ids) == len(set(ids))


async def test_markdown_shows_what_users_wrote_as_text(made: Report) -> None:
    text = markdown(made)
    assert r"\<img src=x onerror=alert(1)\> \| \`x\` \[a\](http://b)" in text
    assert not re.search(r"(?<!\\)<img", text)
    assert "finished **10**" in text
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


async def test_markdown_tells_the_figures_that_the_operation_tells(made: Report) -> None:
    assert "| Cycle time | 10 | 1 h | 1 h | 1 h |" in markdown(made)


async def test_a_picture_is_one_sound_svg_with_a_title_a_description_and_the_figures(made: Report) -> None:
    root = ElementTree.fromstring(picture(made))
    title, description = root[0], root[1]
    assert title.text == f"Flow of {HOSTILE}"
    assert "10 finished tasks" in (description.text or "")
    shown = " ".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))
    for part in ("Cumulative flow", "Cycle time", "Throughput", "Ageing work", "Forecast", "arrived"):
        assert part in shown


async def test_an_empty_board_has_a_report_too(app: App, board: dict[str, Any]) -> None:
    empty = report(app, "Alpha")
    assert "Nothing is in work now" in picture(empty)
    assert "There is nothing to draw from" in markdown(empty)
    assert "<h1>Flow of Alpha</h1>" in html(empty)


def test_the_picture_in_the_documentation_is_what_its_program_draws() -> None:
    kept = flow_report.PICTURE.read_text(encoding="utf-8")
    assert picture(flow_report.demo_report()) + "\n" == kept, "run  .venv/bin/python -m docs.explanation.flow_report"
