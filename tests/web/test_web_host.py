"""The board inside a host: a page of our own that frames it as hosts do, over a real server process in both eras."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.conformance.programs import package
from tests.web.conftest import Context, Rest, card, column
from tests.web.hosts import Era, Server, hosting

ERAS: list[Era] = ["2025-11-25", "2026-07-28"]
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "</script><script>alert(3)</script>",
    '"><svg/onload=alert(4)>',
    "javascript:alert(5)",
    "[x](javascript:alert(6))",
    "{{constructor.constructor('alert(7)')()}}",
    "</style><iframe srcdoc='<script>parent.alert(8)</script>'>",
    "ui://kanban/board.html",
    '{"jsonrpc":"2.0","method":"ui/notifications/tool-result"}',
]


class Shown:
    """A page of a host that shows the board in its frame."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame: FrameLocator = page.frame_locator("#view")

    def seen(self, name: str) -> Any:
        """What the host saw pass."""
        return self.page.evaluate(f"seen.{name}")

    def until(self, condition: str) -> None:
        """Wait for something to be so in the host."""
        self.page.wait_for_function(condition)

    def tell(self, method: str, **params: Any) -> None:
        """Have the host tell the page something."""
        self.page.evaluate("([method, params]) => notify(method, params)", [method, params])

    def order(self, status: str) -> list[int]:
        """The cards of a column as they stand."""
        cards = self.frame.locator(f"{column(status)} .card")
        return [int(each.get_attribute("data-id") or 0) for each in cards.all()]

    def move(self, task: int, name: str) -> None:
        """Move a card by its menu."""
        self.frame.get_by_role("button", name=f"Move #{task} to…").click()
        self.frame.get_by_role("menuitem", name=name).click()


Show = Callable[..., Shown]


@pytest.fixture
def show(context: Context, db: Path, board: int) -> Iterator[Show]:
    """Shows the board in a host; flags are the server's, options the host's."""
    with ExitStack() as closing:

        def shown(*flags: str, era: Era = "2026-07-28", cards: bool = True, **options: Any) -> Shown:
            server = Server(db, era, *flags)
            closing.callback(server.close)
            url = closing.enter_context(hosting(server))
            page = context().new_page()
            page.goto(f"{url}/#{quote(json.dumps(options))}")
            found = Shown(page)
            if cards:
                expect(found.frame.locator(card(1))).to_be_visible()
            return found

        yield shown


@pytest.mark.parametrize("era", ERAS)
def test_a_card_moves_in_the_host_and_everyone_sees_it(show: Show, rest: Rest, era: Era) -> None:
    host = show(era=era)
    assert host.order("todo") == [1, 2, 3, 4, 5]
    host.move(2, "Review")
    expect(host.frame.locator(f"{column('review')} {card(2)}")).to_be_visible()
    host.until("seen.model !== null")
    assert rest("GET", "/tasks/2")["status"] == "review"
    assert (
        host.seen("model") == 'On the board the user has done this, oldest first: move_task task_id 2 status "review".'
    )


def test_a_host_may_write_the_page_into_a_frame_of_its_own(show: Show, rest: Rest) -> None:
    host = show(sandbox="allow-scripts allow-same-origin", written=True)
    host.move(2, "Review")
    host.until("seen.model !== null")
    assert rest("GET", "/tasks/2")["status"] == "review"


@pytest.mark.parametrize("era", ERAS)
def test_what_others_do_appears_in_the_host(show: Show, rest: Rest, era: Era) -> None:
    host = show(era=era)
    rest("POST", "/tasks/3/move", status="in_progress")
    expect(host.frame.locator(f"{column('in_progress')} {card(3)}")).to_be_visible()
    expect(host.frame.locator("#told")).to_contain_text("ann moved “Card 3”")


def test_the_mouse_drags_a_card_in_the_frame(show: Show, rest: Rest) -> None:
    host = show()
    host.frame.locator(card(4)).drag_to(host.frame.locator(column("in_progress")))
    host.until("seen.calls.includes('move_task')")
    expect(host.frame.locator(f"{column('in_progress')} {card(4)}")).to_be_visible()
    host.until("seen.model !== null")
    assert rest("GET", "/tasks/4")["status"] == "in_progress"


def test_a_move_from_a_stale_version_is_put_back_and_says_why(show: Show, rest: Rest) -> None:
    host = show(deaf=["list_changes"], cards=False)
    # Without news the page shows the board as it read it, and tells that it may be old.
    host.until("seen.calls.includes('list_changes')")
    host = show()
    host.page.evaluate("options.deaf.push('list_changes')")
    rest("POST", "/tasks/1/move", status="done")
    expect(host.frame.locator(f"{column('done')} {card(1)}")).to_be_visible()
    rest("POST", "/tasks/1/move", status="todo")
    host.move(1, "Review")
    expect(host.frame.locator("#told .wrong")).to_contain_text("version")
    expect(host.frame.locator(f"{column('done')} {card(1)}")).to_be_visible()
    assert rest("GET", "/tasks/1")["status"] == "todo"


def test_a_move_into_a_full_column_is_put_back_and_says_why(show: Show, rest: Rest) -> None:
    columns = [
        {"status": "todo", "category": "todo"},
        {"status": "in_progress", "name": "In progress", "category": "active", "wip_limit": 1},
        {"status": "done", "category": "done"},
    ]
    rest("POST", "/tasks/5/move", status="in_progress")
    rest("PUT", "/boards/1/columns", columns=columns)
    host = show()
    host.move(1, "In progress")
    expect(host.frame.locator("#told .wrong")).to_contain_text("Column 'in_progress' is full: 1 of 1.")
    assert host.order("todo") == [1, 2, 3, 4]


@pytest.mark.parametrize("sandbox", ["allow-scripts", "allow-scripts allow-same-origin allow-forms"])
def test_cards_and_notes_are_written_in_frames_that_submit_forms_and_in_those_that_do_not(
    show: Show, rest: Rest, sandbox: str
) -> None:
    host = show(sandbox=sandbox)
    field = host.frame.get_by_label("Add a card to Backlog")
    field.fill("Written in the host")
    field.press("Enter")
    expect(host.frame.locator(f"{column('backlog')} {card(6)}")).to_contain_text("Written in the host")
    host.frame.locator(card(6)).click()
    host.frame.get_by_label("A note", exact=True).fill("Seen, and **agreed**.")
    host.frame.get_by_role("button", name="Add the note").click()
    expect(host.frame.locator("article.note")).to_contain_text("Seen, and agreed.")
    assert rest("GET", "/tasks?board=1&status=backlog")["total"] == 1
    assert [note["author"] for note in rest("GET", "/tasks/6/notes")["items"]] == ["a host"]


def test_the_page_looks_as_the_host_does(show: Show) -> None:
    variables = {"--color-background-secondary": "light-dark(rgb(250, 240, 230), rgb(10, 20, 30))"}
    insets = {"top": 11, "right": 12, "bottom": 13, "left": 14}
    styles = {"variables": variables, "css": {"fonts": "@font-face { font-family: Hosted; src: local(serif) }"}}
    host = show(context={"theme": "dark", "styles": styles, "safeAreaInsets": insets})
    body = host.frame.locator("body")
    expect(body).to_have_css("background-color", "rgb(10, 20, 30)")
    expect(host.frame.locator("html")).to_have_css("padding", "11px 12px 13px 14px")
    dark = host.frame.locator(card(1)).evaluate("e => getComputedStyle(e).backgroundColor")
    host.tell("ui/notifications/host-context-changed", theme="light")
    expect(body).to_have_css("background-color", "rgb(250, 240, 230)")
    assert host.frame.locator(card(1)).evaluate("e => getComputedStyle(e).backgroundColor") != dark
    assert body.evaluate("() => document.adoptedStyleSheets[0].cssRules.length") == 1


def test_the_frame_is_as_high_as_the_board_and_no_higher_than_the_host_allows(show: Show, rest: Rest) -> None:
    host = show(context={"containerDimensions": {"maxHeight": 600}})
    expect(host.frame.locator(card(5))).to_be_attached()
    host.until("seen.heights.at(-1) < 600")
    low = host.seen("heights.at(-1)")
    rest("POST", "/tasks/batch", board=1, tasks=[{"title": f"More {n}", "status": "todo"} for n in range(30)])
    expect(host.frame.locator(card(35))).to_be_attached()
    host.until(f"seen.heights.at(-1) > {low}")
    assert host.seen("heights.at(-1)") <= 600
    assert host.frame.locator("html").evaluate("e => e.scrollHeight <= innerHeight")


def test_the_board_fills_the_screen_where_the_host_has_that(show: Show) -> None:
    host = show(context={"availableDisplayModes": ["inline", "fullscreen"], "displayMode": "inline"})
    assert host.seen("app") == {"availableDisplayModes": ["inline", "fullscreen"]}
    host.frame.get_by_role("button", name="Full screen").click()
    expect(host.frame.locator("html")).to_have_attribute("data-display", "fullscreen")
    host.frame.get_by_role("button", name="Back to the conversation").click()
    expect(host.frame.get_by_role("button", name="Full screen")).to_be_visible()


def test_hostile_text_is_shown_as_text(show: Show, rest: Rest) -> None:
    tasks = [{"title": text, "description": text, "status": "todo", "tags": ["x"]} for text in HOSTILE]
    rest("POST", "/tasks/batch", board=1, tasks=tasks)
    host = show()
    for number, text in enumerate(HOSTILE, start=6):
        expect(host.frame.locator(f"{card(number)} .title")).to_have_text(f"#{number} {text}")
    rest("POST", "/tasks/6/notes", content="\n\n".join(HOSTILE))
    host.frame.locator(card(6)).click()
    expect(host.frame.locator("article.note")).to_contain_text(HOSTILE[2])
    assert host.frame.locator("article.note script, article.note img, article.note iframe").count() == 0
    assert host.frame.locator("a[href^='javascript:']").count() == 0


def test_links_open_by_the_host_and_numbers_of_cards_in_the_page(show: Show, rest: Rest) -> None:
    rest("POST", "/tasks/1/notes", content="As in #2, see https://example.org/a?b=c.")
    host = show()
    host.frame.locator(card(1)).click()
    host.frame.get_by_role("link", name="https://example.org/a?b=c").click()
    host.until("seen.links.length === 1")
    assert host.seen("links") == ["https://example.org/a?b=c."]
    host.frame.locator("article.note").get_by_role("link", name="#2").click()
    expect(host.frame.get_by_role("dialog", name="Card 2")).to_be_visible()


def test_what_the_server_does_not_offer_has_no_button(show: Show) -> None:
    host = show()
    for name in ("Undo", "Archive", "Charts"):
        assert host.frame.get_by_text(name, exact=True).count() == 0
    host.frame.locator(card(1)).click()
    expect(host.frame.get_by_role("button", name="Add the note")).to_be_visible()
    assert host.frame.get_by_role("button", name="Archive this card").count() == 0
    every = show("--toolsets", "all")
    expect(every.frame.get_by_role("button", name="Archive", exact=True)).to_be_visible()


def test_a_read_only_server_shows_a_board_that_cannot_be_changed(show: Show) -> None:
    host = show("--read-only")
    assert host.frame.get_by_role("button", name="Move #1 to…").count() == 0
    assert host.frame.get_by_label("Add a card to Backlog").count() == 0


def test_a_host_that_passes_no_calls_on_shows_the_board_as_it_was(show: Show) -> None:
    host = show(capabilities={})
    assert host.order("todo") == [1, 2, 3, 4, 5]
    expect(host.frame.get_by_text("As it was when it was asked for.")).to_be_visible()
    assert host.frame.get_by_role("button", name="Move #1 to…").count() == 0
    assert host.seen("calls") == []


def test_a_host_that_gives_the_page_texts_alone_shows_the_board_that_was_asked_for(show: Show, rest: Rest) -> None:
    rest("POST", "/boards", name="Another")
    host = show(textAlone=True, arguments={"board": "Plan"})
    host.move(2, "Review")
    expect(host.frame.locator(f"{column('review')} {card(2)}")).to_be_visible()


def test_a_board_that_is_not_there_is_told_in_the_page(show: Show) -> None:
    host = show(arguments={"board": "No such"}, cards=False)
    expect(host.frame.get_by_role("alert")).to_contain_text("There is no board 'No such'.")


def test_a_connection_that_is_lost_is_said_and_comes_back(show: Show, rest: Rest) -> None:
    host = show()
    host.page.evaluate("options.cut = true")
    rest("PATCH", "/tasks/1", title="Changed as the connection goes")
    expect(host.frame.locator(".connection")).to_contain_text("The connection is lost")
    rest("PATCH", "/tasks/1", title="Changed meanwhile")
    host.page.evaluate("options.cut = false")
    expect(host.frame.locator(card(1))).to_contain_text("Changed meanwhile")
    expect(host.frame.locator(".connection")).to_have_text("")


def test_the_page_ends_when_the_host_takes_it_away(show: Show) -> None:
    host = show()
    assert host.page.evaluate("ask('ui/resource-teardown')") == {}
    assert host.page.evaluate("ask('ping')") == {}
    assert host.page.evaluate("ask('no/such')")["code"] == -32601


def test_the_document_is_the_same_whatever_is_on_the_boards(db: Path, board: int, rest: Rest) -> None:
    texts = []
    for title in ("One", "</script><script>alert(1)</script>"):
        rest("POST", "/tasks", board=board, title=title)
        server = Server(db, "2026-07-28")
        texts.append(server.result("resources/read", uri="ui://kanban/board.html")["contents"][0]["text"])
        server.close()
    assert texts[0] == texts[1]


KINDS = {
    "ui/initialize": "McpUiInitializeRequest",
    "ui/notifications/initialized": "McpUiInitializedNotification",
    "ui/notifications/size-changed": "McpUiSizeChangedNotification",
    "ui/request-display-mode": "McpUiRequestDisplayModeRequest",
    "ui/update-model-context": "McpUiUpdateModelContextRequest",
    "ui/open-link": "McpUiOpenLinkRequest",
}
"""The messages of the extension that the page sends, and what the official schemas call them."""


def test_what_the_page_and_the_server_say_is_as_the_official_schemas_have_it(show: Show, rest: Rest, db: Path) -> None:
    schemas = package("@modelcontextprotocol/ext-apps") / "dist/src/generated/schema.json"
    kinds = json.loads(schemas.read_text())["$defs"]

    def check(value: Any, kind: str) -> None:
        jsonschema.validate(value, {"$ref": f"#/$defs/{kind}", "$defs": kinds})

    rest("POST", "/tasks/1/notes", content="See https://example.org")
    host = show(context={"availableDisplayModes": ["inline", "fullscreen"]})
    host.frame.get_by_role("button", name="Full screen").click()
    host.move(2, "Review")
    host.until("seen.model !== null")
    host.frame.locator(card(1)).click()
    host.frame.get_by_role("link", name="https://example.org").click()
    host.until("seen.links.length === 1")
    said = [message for message in host.seen("said") if message.get("method") in KINDS]
    assert {message["method"] for message in said} == set(KINDS)
    for message in said:
        check({name: message[name] for name in ("method", "params")}, KINDS[message["method"]])
    check(host.page.evaluate("ask('ui/resource-teardown')"), "McpUiResourceTeardownResult")
    with closing(Server(db, "2026-07-28")) as server:
        check(server.result("tools/list")["tools"][-1]["_meta"]["ui"], "McpUiToolMeta")
        (content,) = server.result("resources/read", uri="ui://kanban/board.html")["contents"]
        check(content["_meta"]["ui"], "McpUiResourceMeta")
