"""Charts and diagnostics: pictures with their figures beside them, and what the server is doing now."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, expect

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.conftest import SettableClock
from tests.web.conftest import Context, Rest

CHARTS = {
    "Cumulative flow": ["Day", "Arrived", "Finished"],
    "Cycle time": ["Task", "Done", "Cycle time"],
    "Throughput": ["Day", "Arrived", "Finished"],
    "Ageing work": ["Task", "Title", "Column"],
    "Forecast": ["Chance", "Done by"],
}


@pytest.fixture
def app(browser: Browser, db: Path) -> Iterator[App]:
    """A board on which one card a day was taken up and finished for nine days; then one was taken up, one waits."""
    clock = SettableClock()
    clock.now = datetime.now(UTC) - timedelta(days=10)
    settings = Settings(db=db, toolsets=("all",), rate_limit=0)
    with open_app(settings, clock=clock) as past, start_blocking_portal() as portal:
        portal.call(work, past, clock)  # the driver of the browser keeps the loop of this thread
    with open_app(settings) as opened:
        yield opened


async def work(app: App, clock: SettableClock) -> None:
    """Nine days of it."""

    async def call(operation: str, **arguments: Any) -> dict[str, Any]:
        return await app.runner.call(operation, arguments, actor="ann")

    await call("create_board", name="Past")
    await call("create_tasks", tasks=[{"title": f"Card {number}"} for number in range(11)])
    for _ in range(9):
        task = (await call("claim_next"))["task"]
        clock.advance(hours=5)
        await call("complete_task", task_id=task["id"], lease=task["lease"])
        clock.advance(hours=19)
    await call("claim_next")


def test_each_chart_is_drawn_and_has_its_figures_beside_it(context: Context, url: str) -> None:
    page = context().new_page()
    page.goto(f"{url}/boards/1/charts")
    expect(page.locator(".chart")).to_have_count(len(CHARTS))
    for title, columns in CHARTS.items():
        figure = page.locator(".chart").filter(has=page.get_by_role("heading", name=title))
        figure.scroll_into_view_if_needed()
        image = figure.locator("img")
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0
        assert len(image.get_attribute("alt") or "") > 30
        head = figure.locator("th").all_text_contents()
        assert head[: len(columns)] == columns
        assert figure.locator("tbody tr").count() > 0
        picture, table = image.bounding_box(), figure.locator("table").bounding_box()
        assert picture and table and table["x"] >= picture["x"] + picture["width"]
    assert re.search("50 percent.*85 percent.*95 percent", page.locator(".chart img").nth(1).get_attribute("alt") or "")
    with page.expect_response(f"{url}/boards/1/charts/cycle-time.svg") as drawn:
        page.goto(f"{url}/boards/1/charts/cycle-time.svg")
    assert all(f"{percent} %" in drawn.value.text() for percent in (50, 85, 95))


def test_a_board_without_a_history_has_charts_too(context: Context, url: str, rest: Rest) -> None:
    rest("POST", "/boards", name="Empty")
    page = context().new_page()
    page.goto(f"{url}/boards/2/charts")
    expect(page.locator(".chart").first).to_be_visible()
    for image in page.locator(".chart img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0


def test_diagnostics_tell_of_calls_statements_cache_groups_and_memory(context: Context, url: str) -> None:
    page = context().new_page()
    page.goto(f"{url}/boards/1")
    page.locator(".card").first.wait_for()
    page.goto(f"{url}/diagnostics")
    part = {name: page.locator(".part").filter(has=page.get_by_role("heading", name=name)) for name in PARTS}
    for name, said in PARTS.items():
        for each in said:
            expect(part[name]).to_contain_text(each)
    expect(page.locator(".tile").filter(has_text="Health")).to_contain_text("ok")
    expect(page.locator(".tile").filter(has_text="Memory")).to_contain_text("MB")
    expect(page.locator("body")).not_to_contain_text(re.compile("undefined|NaN|\\[object"))


PARTS = {
    "Memory": ["rss", "budget", "verdict"],
    "Health": ["status", "sqlite", "version"],
    "Groups of writes": ["groups", "commit"],
    "Calls": ["get_board", "p95 ms", "requests per second"],
    "Statements": ["boards.get", "mean ms", "slow above"],
    "Cache": ["hit rate", "entries"],
}


def test_diagnostics_go_on_by_themselves_and_draw_memory_over_time(context: Context, url: str, rest: Rest) -> None:
    page = context().new_page()
    page.clock.install()
    page.goto(f"{url}/diagnostics")
    statements = page.locator(".part").filter(has=page.get_by_role("heading", name="Statements"))
    expect(statements.locator("table").first).to_be_visible()
    rest("POST", "/boards", name="Later")
    with page.expect_response("**/api/memory"):
        page.clock.fast_forward(5_000)
    expect(page.locator(".part").filter(has=page.get_by_role("heading", name="Calls"))).to_contain_text("create_board")
    expect(page.get_by_role("img", name=re.compile("Now .* MB, at most .* MB"))).to_be_visible()


def test_a_key_without_a_right_is_told_what_it_may_not_see(context: Context, url: str, rest: Rest) -> None:
    page = context().new_page()
    page.route("**/api/memory", lambda route: route.fulfill(status=403, json={"message": "Only admins see memory."}))
    page.goto(f"{url}/diagnostics")
    expect(page.locator(".part").filter(has_text="Memory").locator(".wrong")).to_contain_text("Only admins")
    expect(page.locator(".part").filter(has=page.get_by_role("heading", name="Health"))).to_contain_text("status")


def test_everything_that_is_loaded_weighs_less_than_120_kilobytes(context: Context, url: str, board: int) -> None:
    page = context().new_page()
    page.goto(f"{url}/boards/{board}?task=1")
    page.locator(".sheet .graph, .sheet h3").first.wait_for()
    loaded: list[list[object]] = page.evaluate(SIZES)
    assert any(str(name).endswith("main.js") for name, _ in loaded)
    assert all(str(name).startswith(url) for name, _ in loaded), "something comes from elsewhere"
    sizes = [size for name, size in loaded if "/assets/" in str(name) or str(name).endswith("?task=1")]
    assert sum(size for size in sizes if isinstance(size, int)) < 120_000


SIZES = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .map((entry) => [entry.name, entry.decodedBodySize])"""
