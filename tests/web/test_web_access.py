"""Pages for everyone: axe finds nothing serious, and nothing is out of reach on a narrow or magnified page."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from kanban_mcp.app import App
from tests.conformance.programs import package
from tests.http.test_http_keys import made
from tests.web.conftest import Context, Rest

COLOURS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}
SIZES: dict[str, dict[str, Any]] = {
    "wide": {},
    "320 px": {"viewport": ViewportSize(width=320, height=640)},
    "200 %": {"viewport": ViewportSize(width=640, height=400), "device_scale_factor": 2},  # of 1280 by 800
}
LONGEST = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    return (package("axe-core") / "axe.min.js").read_text()


Look = Callable[..., None]


@pytest.fixture
def look(axe: str, context: Context, url: str) -> Look:
    """Looks at an address in given colours and sizes, once something on it is there."""

    def looked(address: str, wanted: str, colours: str, size: str) -> None:
        page = context(**COLOURS[colours], **SIZES[size], reduced_motion="reduce").new_page()
        page.goto(f"{url}{address}")
        page.locator(wanted).first.wait_for()
        page.evaluate(axe)
        assert findings(page) == [], (address, colours, size)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{address} is cut off: {size}"
        page.context.close()

    return looked


def findings(page: Page) -> list[str]:
    """What axe finds that is serious, and where."""
    result = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    found = [each for each in result["violations"] if each["impact"] in SERIOUS]
    return [f"{each['id']}: {node['html'][:200]} {node['failureSummary']}" for each in found for node in each["nodes"]]


@pytest.fixture
def used(rest: Rest, board: int) -> None:
    """The board with something of everything: tags, claims, links, notes, limits, what is done and what is too much."""
    rest("POST", "/boards", name="Another", description="of which there is something to say")
    rest("PATCH", "/tasks/1", title=LONGEST, priority=9, tags=["ui", "bug"], due_at="2030-01-01", assignee="bob")
    rest(
        "PATCH",
        "/tasks/2",
        description=f"# Aim\n\n- `{LONGEST}`\n- https://example.com/{LONGEST}\n\n> so\n\n```\n{'x ' * 200}\n```",
    )
    rest("PATCH", "/tasks/2", acceptance=["it works", "[x] it is fast"])
    rest("POST", "/tasks/2/dependencies", depends_on=3)
    rest("POST", "/tasks/2/notes", content=LONGEST, title="Why", category="decision", pinned=True)
    rest("POST", "/claims", board=board)
    rest("POST", "/tasks/3/complete")
    columns = rest("GET", f"/boards/{board}?limit=1")["columns"]
    kept = [{name: each[name] for name in ("status", "name", "category")} for each in columns]
    limits = {"todo": {"wip_limit": 1}, "in_progress": {"wip_limit": 1}}
    rest("PUT", f"/boards/{board}/columns", columns=[each | limits.get(each["status"], {}) for each in kept])


PAGES = {
    "boards": ("/", ".boards"),
    "board": ("/boards/1", ".column.over .card"),
    "card": ("/boards/1?task=2", ".graph"),
    "found": ("/boards/1?find=card", ".found li"),
    "charts": ("/boards/1/charts", ".chart table"),
    "diagnostics": ("/diagnostics", ".part table"),
}
SHORT = [("light", "wide"), ("dark", "320 px"), ("forced", "200 %")]


@pytest.mark.parametrize(("colours", "size"), SHORT)
def test_axe_finds_nothing_serious(used: None, look: Look, colours: str, size: str) -> None:
    for address, wanted in PAGES.values():
        look(address, wanted, colours, size)


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", COLOURS)
def test_axe_finds_nothing_serious_in_any_colours_at_any_size(used: None, look: Look, colours: str, size: str) -> None:
    for address, wanted in PAGES.values():
        look(address, wanted, colours, size)


@pytest.mark.parametrize(("colours", "size"), SHORT)
def test_axe_finds_nothing_serious_where_one_signs_in_or_nothing_is_yet(
    look: Look, app: App, colours: str, size: str
) -> None:
    look("/", "h1", colours, size)
    made(app, "ann")
    look("/", "form.sign-in", colours, size)


def test_axe_finds_nothing_serious_in_a_menu_the_archive_and_a_choice(
    axe: str, used: None, context: Context, url: str
) -> None:
    page = context(color_scheme="dark").new_page()
    page.goto(f"{url}/boards/1")
    page.locator(".card").first.wait_for()
    page.evaluate(axe)
    page.locator(".card").first.focus()
    page.keyboard.press("x")
    page.locator(".card .more").first.click()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_role("dialog", name="Archive").wait_for()
    assert findings(page) == []
