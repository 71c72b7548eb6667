"""Columns of finished cards: the newest first, a page of them, and how many there are."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Context, Rest, card, column, opened, order

DONE = 130


@pytest.fixture
def page(context: Context, url: str, board: int, rest: Rest) -> Page:
    """A board on which #6 to #135 are done, the last of them last."""
    for start in (0, 100):
        tasks = [{"title": f"Old {number}", "status": "done"} for number in range(start, min(start + 100, DONE))]
        rest("POST", "/tasks/batch", board=board, tasks=tasks)
    return opened(context().new_page(), f"{url}/boards/{board}")


def count(page: Page, text: str) -> None:
    expect(page.locator('.column[data-status="done"] .count')).to_have_text(text)


def test_the_newest_are_shown_first_and_how_many_more_there_are(page: Page) -> None:
    count(page, "130")
    assert order(page, "done") == list(range(135, 35, -1))
    more = page.get_by_role("button", name="30 finished before: show more")
    more.click()
    expect(page.locator(f"{column('done')} .card")).to_have_count(DONE)
    expect(more).to_be_hidden()
    count(page, "130")


def test_a_card_that_is_finished_comes_first_and_is_counted(page: Page, rest: Rest) -> None:
    count(page, "130")
    rest("POST", "/tasks/3/complete")
    expect(page.locator(f"{column('done')} .card").first).to_contain_text("Card 3")
    page.locator(card(1)).focus()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Done").press("Enter")
    expect(page.locator(f"{column('done')} .card").first).to_contain_text("Card 1")
    count(page, "132")


def test_a_card_finished_long_ago_that_is_taken_up_again_or_put_away_is_counted_no_more(page: Page, rest: Rest) -> None:
    count(page, "130")
    rest("POST", "/tasks/7/move", status="todo")
    expect(page.locator(f"{column('todo')} {card(7)}")).to_be_visible()
    count(page, "129")
    rest("POST", "/tasks/8/archive")
    count(page, "128")
    rest("PATCH", "/tasks/9", title="Named anew, out of sight")
    rest("POST", "/tasks/135/archive")
    count(page, "127")
    rest("POST", "/tasks/135/archive", archived=False)
    expect(page.locator(f"{column('done')} .card").first).to_contain_text("Old 129")
    count(page, "128")
