"""Signing in: the cookie goes with requests and with the socket, and ends with the key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kanban_mcp.app import App, open_app
from kanban_mcp.settings import Settings
from tests.http.test_http_keys import made, revoked
from tests.web.conftest import NOTE_SUBSCRIPTION, Context, Rest, card, column, shown


@pytest.fixture
def app(browser: Browser, db: Path) -> Iterator[App]:
    """Everything open, with sockets that are asked often whether their key is still good."""
    settings = Settings(db=db, toolsets=("all",), rate_limit=0, websocket_heartbeat_seconds=0.2)
    with open_app(settings) as opened:
        yield opened


@pytest.fixture
def ann(app: App, url: str, board: int) -> Iterator[Rest]:
    """Someone with a key: from now on everybody needs one."""
    someone = Rest(url, key=made(app, "ann"))
    yield someone
    someone.close()


def signed_in(page: Page, address: str, key: str) -> None:
    """Paste a key, and wait until the page hears of changes."""
    page.add_init_script(NOTE_SUBSCRIPTION)
    page.goto(address)
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    shown(page)


def test_who_signed_in_hears_of_changes_in_their_own_name_and_forgets_the_key(
    context: Context, url: str, app: App, ann: Rest
) -> None:
    page = context().new_page()
    signed_in(page, f"{url}/boards/1", made(app, "zoe"))
    ann("POST", "/tasks/2/move", status="review")
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    expect(page.locator("#bar")).to_contain_text("zoe")
    field = page.get_by_label("Add a card to Review")
    field.fill("Mine")
    field.press("Enter")
    expect(page.locator(column("review"))).to_contain_text("Mine")
    assert ann("GET", "/changes?board=1&limit=100")["items"][-1]["actor"] == "zoe"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_that_reads_is_shown_the_changes_of_others_as_they_happen(
    context: Context, url: str, app: App, ann: Rest
) -> None:
    page = context().new_page()
    signed_in(page, f"{url}/boards/1", made(app, "eve", "read"))
    ann("POST", "/tasks/2/move", status="review")
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    page.keyboard.press("u")
    page.locator(card(2)).click(modifiers=["ControlOrMeta"])
    expect(page.locator(".bulk")).to_be_hidden()
    assert ann("GET", "/tasks/2")["status"] == "review"


def test_a_board_is_shown_no_longer_once_the_key_is_revoked(context: Context, url: str, app: App, ann: Rest) -> None:
    page = context().new_page()
    key = made(app, "eve", "read")
    signed_in(page, f"{url}/boards/1", key)
    revoked(app, key[4:12])
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)
