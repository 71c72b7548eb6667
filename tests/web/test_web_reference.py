"""The page at `/docs`: it reads well on any screen, opens what a link names, and asks nobody else for anything."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from kanban_mcp.app import App
from tests.web.conftest import Context

SCREENS = [
    pytest.param({"color_scheme": scheme, "viewport": {"width": width, "height": 800}}, id=f"{scheme}-{width}")
    for scheme in ("light", "dark")
    for width in (1280, 360)
]
CONTRAST = """selector => {
  const shade = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(part => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const under = each => {
    const color = getComputedStyle(each).backgroundColor;
    return color === 'rgba(0, 0, 0, 0)' ? under(each.parentElement) : color;
  };
  const ratios = [...document.querySelectorAll(selector)].map(each => {
    const both = [shade(getComputedStyle(each).color), shade(under(each))].sort((a, b) => b - a);
    return (both[0] + 0.05) / (both[1] + 0.05);
  });
  return Math.min(...ratios);
}"""
"""The least contrast between the texts that a selector finds and what is behind them, as WCAG reckons it."""


@pytest.mark.parametrize("screen", SCREENS)
def test_it_fits_the_screen_and_can_be_read(context: Context, url: str, screen: dict[str, object]) -> None:
    page = context(**screen).new_page()
    page.goto(f"{url}/docs")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("window.innerWidth")
    assert page.evaluate("document.querySelector('nav').offsetHeight") < 60
    for selector in ("p", "a", "td", "pre", "h2", ".dim", ".method"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


def test_a_link_opens_the_operation_that_it_names(context: Context, url: str, app: App) -> None:
    page = context().new_page()
    for name in ("update_task", "backup"):
        page.goto(f"{url}/docs#{name}")
        expect(page.locator(f"#{name}")).to_be_in_viewport()
        expect(page.locator("details[open]")).to_have_count(1)
        path = page.locator(f"details:has(#{name}) > summary")
        expect(path).to_be_in_viewport()
        page.goto("about:blank")


def test_links_within_the_page_open_what_they_lead_to(context: Context, url: str) -> None:
    page = context().new_page()
    page.goto(f"{url}/docs#get_task")
    page.locator("#get_task").get_by_role("link", name="Brief").click()
    expect(page.locator("#schema-Brief")).to_be_visible()
    page.locator("#get_task").get_by_role("link", name="404").click()
    expect(page.locator("#status-404")).to_be_in_viewport()


def test_it_is_walked_and_opened_by_keyboard(context: Context, url: str) -> None:
    page = context().new_page()
    page.goto(f"{url}/docs")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#list_boards")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#list_boards")).to_be_hidden()


def test_it_asks_nobody_but_its_server(context: Context, url: str) -> None:
    page = context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/docs")
    assert {urlsplit(each).netloc for each in asked if not each.startswith("data:")} == {urlsplit(url).netloc}
    assert f"{url}/docs/style.css" in asked
