"""Servers that go and come back, keys that are revoked, boards that are deleted: nothing shown is wrong for long."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.http.conftest import free_port, process
from tests.web.conftest import StdioAgent, card, column, order


class Server:
    """A server process that ends and begins again at the same address."""

    def __init__(self, db: Path) -> None:
        self._port = free_port()
        self._db = db
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        """Begin; returns when it answers."""
        self.url = self._running.enter_context(process(self._db, port=self._port))

    def stop(self) -> None:
        """End it."""
        self._running.close()


@pytest.fixture
def server(browser: Browser, db: Path) -> Iterator[Server]:
    """A process of its own, since it shall die."""
    started = Server(db)
    yield started
    started.stop()


@pytest.fixture
def url(server: Server) -> str:
    """Its address, for a board and for windows."""
    return server.url


@pytest.fixture
def agent(db: Path, board: int) -> Iterator[StdioAgent]:
    """An agent that works on while the server is away."""
    started = StdioAgent(db, "--actor", "bob", "--toolsets", "all")
    yield started
    started.close()


def back(page: Page, server: Server) -> None:
    """Start the server, and wait until the page has found it."""
    server.start()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_text("The connection is lost")).to_be_hidden()


def test_what_happened_while_the_server_was_away_is_filled_in(page: Page, server: Server, agent: StdioAgent) -> None:
    page.locator(card(1)).click()
    page.get_by_label("A note", exact=True).fill("I think th")
    server.stop()
    lost = page.get_by_text("The connection is lost")
    expect(lost).to_be_visible()
    agent("move_task", task_id=2, status="review")
    agent("update_task", task_id=1, title="Renamed meanwhile")
    agent("create_task", title="Made meanwhile", status="todo")
    agent("archive_task", task_id=5)
    back(page, server)
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    expect(page.locator(card(6))).to_contain_text("Made meanwhile")
    expect(page.locator(card(5))).to_have_count(0)
    expect(page.get_by_label("Title")).to_have_value("Renamed meanwhile")
    expect(page.get_by_label("A note", exact=True)).to_have_value("I think th")
    expect(page.get_by_label("A note", exact=True)).to_be_focused()


def test_what_is_done_while_the_server_is_away_is_put_back_and_said(page: Page, server: Server) -> None:
    server.stop()
    expect(page.get_by_text("The connection is lost")).to_be_visible()
    page.locator(card(2)).focus()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Review").press("Enter")
    expect(page.locator("#told .wrong")).to_contain_text("does not answer")
    assert order(page, "todo") == [1, 2, 3, 4, 5]
    back(page, server)
    page.locator(card(2)).focus()
    page.keyboard.press("m")
    with page.expect_response("**/move") as moved:
        page.get_by_role("menuitem", name="Review").press("Enter")
    assert moved.value.ok


def test_a_board_that_is_deleted_is_shown_no_longer(page: Page, agent: StdioAgent) -> None:
    agent("delete_board", board="Plan", confirm=True)
    expect(page.get_by_role("alert")).to_contain_text("There is no board 1")
