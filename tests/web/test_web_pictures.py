"""The demo in the browser at one moment; its pictures are those of the documentation, written by `make pictures`."""

import json
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from kanban_mcp.app import App, open_app
from kanban_mcp.demo.past import fill
from kanban_mcp.settings import Settings
from tests.web.conftest import Context, card, column, opened
from tests.web.hosts import Server, hosting

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "docs" / "howto"
STUCK = 43
"""The card in work for longer than most were."""
SIZE = {"width": 1440, "height": 900}


@pytest.fixture
def app(db: Path) -> Iterator[App]:
    """The board of the demo, at a moment that stays."""
    fill(db, NOW)
    with open_app(Settings(db=db, toolsets=("all",), rate_limit=0), clock=lambda: NOW) as filled:
        yield filled


@pytest.fixture
def page(context: Context) -> Page:
    """A window at the same moment."""
    window = context(viewport=SIZE, color_scheme="light", timezone_id="UTC", locale="en-GB").new_page()
    window.clock.set_fixed_time(NOW)
    return window


def test_the_board_for_the_readme(page: Page, url: str) -> None:
    opened(page, f"{url}/boards/1")
    expect(page.locator(f"{column('done')} .card")).to_have_count(42)
    expect(page.locator(card(STUCK))).to_contain_text("longer than most")
    expect(page.get_by_text("blocked by 1")).to_have_count(0)  # by which card is asked for afterwards
    kept(page, "board.png")


def test_a_card_and_its_links(page: Page, url: str) -> None:
    opened(page, f"{url}/boards/1")
    page.locator(card(STUCK)).click()
    page.wait_for_selector(".sheet .graph")
    kept(page, "card.png")


def test_the_charts(page: Page, url: str) -> None:
    page.goto(f"{url}/boards/1/charts")
    expect(page.locator(".chart img")).to_have_count(5)
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    kept(page, "charts.png")


def test_the_board_inside_a_host(context: Context, tmp_path: Path) -> None:
    db = tmp_path / "host.db"
    fill(db, datetime.now(UTC))  # by the clock of the process that serves it
    page = context(viewport={"width": 1080, "height": 760}).new_page()
    options = {"context": {"theme": "dark", "availableDisplayModes": ["inline", "fullscreen"]}}
    with closing(Server(db, "2026-07-28", "--toolsets", "core,tasks,flow")) as server, hosting(server) as url:
        page.goto(f"{url}/#{quote(json.dumps(options))}")
        board = page.frame_locator("#view")
        expect(board.locator(f"{column('done')} .card")).to_have_count(42)
        expect(board.locator(card(STUCK))).to_contain_text("longer than most")
        kept(page, "host.png")


def kept(page: Page, name: str) -> None:
    """Write the picture where that is asked for; else see that there is one of the same size.

    Pixels are not compared: each machine has fonts of its own.
    """
    picture = page.screenshot(animations="disabled", caret="hide")
    if os.environ.get("PICTURES"):
        (FOLDER / name).write_bytes(picture)
    assert size(picture) == size((FOLDER / name).read_bytes()), "run  make pictures  and look at them"


def size(picture: bytes) -> tuple[int, ...]:
    """Width and height of a PNG."""
    return struct.unpack(">II", picture[16:24])
