"""What people see of a board and do on it, while agents work."""

from playwright.sync_api import Page, expect

from kanban_mcp.app import App
from tests.http.test_http_keys import made
from tests.web.conftest import Context, Rest, card, column, order


def test_a_title_typed_into_a_column_is_a_card_there(page: Page, rest: Rest) -> None:
    field = page.get_by_label("Add a card to Review")
    field.fill("Look at it")
    field.press("Enter")
    expect(page.locator(f"{column('review')} .card")).to_contain_text("Look at it")
    expect(field).to_have_value("")
    expect(field).to_be_focused()


def test_a_title_that_is_refused_stays_in_its_field(page: Page) -> None:
    page.route("**/api/tasks", lambda route: route.abort())
    field = page.get_by_label("Add a card to Review")
    field.fill("Look at it")
    field.press("Enter")
    expect(page.locator("#told .wrong")).to_contain_text("does not answer")
    expect(field).to_have_value("Look at it")


def test_a_change_by_someone_else_is_seen_with_who_did_it(page: Page, rest: Rest) -> None:
    rest("POST", "/tasks/2/move", status="review")
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    expect(page.locator("#told")).to_contain_text("ann moved “Card 2”")


def test_what_someone_is_writing_and_where_they_are_survives_the_changes_of_others(page: Page, rest: Rest) -> None:
    field = page.get_by_label("Add a card to To do")
    field.fill("Half a ti")
    rest("POST", "/tasks/2/move", status="review")
    columns = rest("GET", "/boards/1?limit=1")["columns"]
    named = [{"status": each["status"], "name": each["name"], "category": each["category"]} for each in columns]
    rest("PUT", "/boards/1/columns", columns=[*named, {"status": "later", "name": "Later", "category": "todo"}])
    expect(page.get_by_role("heading", name="Later")).to_be_visible()
    field = page.get_by_label("Add a card to To do")
    expect(field).to_have_value("Half a ti")
    expect(field).to_be_focused()
    page.locator(card(3)).focus()
    rest("PATCH", "/tasks/3", title="Another name")
    expect(page.locator(card(3))).to_contain_text("Another name")
    expect(page.locator(card(3))).to_be_focused()


def test_a_half_written_note_and_description_survive_changes_of_the_same_card_and_a_new_load(
    page: Page, rest: Rest
) -> None:
    page.locator(card(1)).click()
    page.get_by_label("A note", exact=True).fill("I think that")
    page.get_by_role("button", name="Edit the description").click()
    page.get_by_label("Description").fill("Half of it")
    page.get_by_label("A note", exact=True).focus()
    rest("PATCH", "/tasks/1", title="Renamed")
    expect(page.get_by_label("Title")).to_have_value("Renamed")
    expect(page.get_by_label("A note", exact=True)).to_have_value("I think that")
    expect(page.get_by_label("A note", exact=True)).to_be_focused()
    expect(page.get_by_label("Description")).to_have_value("Half of it")
    page.reload()
    expect(page.get_by_label("A note", exact=True)).to_have_value("I think that")


def test_a_description_that_someone_else_changed_meanwhile_is_not_overwritten_unseen(page: Page, rest: Rest) -> None:
    page.locator(card(1)).click()
    page.get_by_role("button", name="Edit the description").click()
    page.get_by_label("Description").fill("Mine")
    rest("PATCH", "/tasks/1", description="Theirs")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#told .wrong")).to_contain_text("description changed since")
    assert rest("GET", "/tasks/1")["description"] == "Theirs"
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".sheet .prose").first).to_have_text("Mine")


def test_a_card_shows_its_notes_as_markdown_its_checklist_its_graph_and_its_history(page: Page, rest: Rest) -> None:
    rest("PATCH", "/tasks/2", acceptance=["it works", "[x] it is fast"], description="# Aim\n\nDo **it**, see #3")
    rest("POST", "/tasks/2/dependencies", depends_on=3)
    rest("POST", "/tasks/2/notes", content="- one\n- two\n\n`code` and https://example.com/", category="decision")
    page.locator(card(2)).click()
    sheet = page.get_by_role("dialog", name="Card 2")
    expect(sheet.locator(".prose strong")).to_have_text("it")
    expect(sheet.locator("article.note li")).to_have_text(["one", "two"])
    expect(sheet.locator("article.note a")).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(sheet.get_by_label("it is fast")).to_be_checked()
    expect(sheet.locator(".graph text")).to_have_count(2)
    with page.expect_response("**/api/tasks/2"):
        sheet.get_by_label("it works").check()
    expect(sheet.get_by_label("it works")).to_be_checked()
    assert rest("GET", "/tasks/2")["acceptance"] == ["[x] it works", "[x] it is fast"]
    sheet.get_by_text("History").click()
    expect(sheet.locator(".history li").first).to_contain_text("rest updated")
    sheet.locator(".history li").first.get_by_role("button", name="Undo").click()
    expect(sheet.get_by_label("it works")).not_to_be_checked()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.locator(card(2))).to_be_focused()


def test_people_unblock_comment_and_stop_an_agent(page: Page, rest: Rest) -> None:
    rest("POST", "/tasks/2/dependencies", depends_on=3)
    rest("POST", "/claims", board=1)
    expect(page.locator(card(2))).to_contain_text("blocked by #3")
    page.locator(card(2)).click()
    page.get_by_role("button", name="Unlink").click()
    expect(page.locator(card(2))).not_to_contain_text("blocked")
    page.keyboard.press("Escape")
    page.locator(card(1)).click()
    sheet = page.get_by_role("dialog", name="Card 1")
    expect(sheet).to_contain_text("ann has it")
    sheet.get_by_label("A note", exact=True).fill("Please stop.")
    sheet.get_by_role("button", name="Add the note").click()
    expect(sheet.locator("article.note")).to_contain_text("Please stop.")
    sheet.get_by_role("button", name="Take it back").click()
    expect(sheet).not_to_contain_text("ann has it")
    assert "claimed_by" not in rest("GET", "/tasks/1")


def test_filters_are_kept_in_the_address(page: Page, rest: Rest) -> None:
    rest("PATCH", "/tasks/2", tags=["ui"], priority=9)
    expect(page.locator(card(2))).to_contain_text("ui")
    page.reload()
    page.get_by_label("Any tag").select_option("ui")
    expect(page.locator(".card:visible")).to_have_count(1)
    assert page.url.endswith("?tag=ui")
    expect(page.locator('.column[data-status="todo"] .count')).to_have_text("1 shown, 5")
    page.reload()
    expect(page.locator(".card:visible")).to_have_count(1)
    page.get_by_label("Any tag").select_option("")
    page.keyboard.press("/")
    page.get_by_label("Filter cards by words").fill("card 4")
    expect(page.locator(".card:visible")).to_have_count(1)


def test_search_finds_what_stands_in_notes(page: Page, rest: Rest) -> None:
    rest("POST", "/tasks/4/notes", content="The parser chokes on semicolons")
    page.get_by_label("Filter cards by words").fill("semicolons")
    page.get_by_role("button", name="Search all").click()
    found = page.get_by_role("region", name="Found")
    expect(found.locator("mark")).to_have_text("semicolons")
    assert "find=semicolons" in page.url
    found.get_by_role("link", name="#4").click()
    expect(page.get_by_role("dialog", name="Card 4")).to_contain_text("chokes on semicolons")


def test_a_card_is_archived_and_brought_back(page: Page) -> None:
    page.locator(card(2)).click()
    page.get_by_role("button", name="Archive this card").click()
    expect(page.locator(card(2))).to_have_count(0)
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_role("dialog", name="Archive").get_by_role("button", name="Bring back").click()
    expect(page.locator(card(2))).to_be_visible()
    assert order(page, "todo") == [1, 3, 4, 5, 2]


def test_a_link_to_a_card_opens_it_on_its_board(context: Context, url: str, board: int) -> None:
    page = context().new_page()
    page.goto(f"{url}/tasks/3")
    expect(page.get_by_role("dialog", name="Card 3")).to_be_visible()
    assert page.url == f"{url}/boards/{board}?task=3"


def test_the_name_someone_gives_themselves_is_in_the_history(page: Page, rest: Rest) -> None:
    page.get_by_label("You are").fill("Zoë")
    page.get_by_label("You are").press("Enter")
    field = page.get_by_label("Add a card to Review")
    field.fill("Named")
    field.press("Enter")
    expect(page.locator(column("review"))).to_contain_text("Named")
    assert rest("GET", "/changes?board=1&limit=100")["items"][-1]["actor"] == "Zoë"


def test_where_keys_are_on_the_page_asks_for_one_and_forgets_it_again(
    context: Context, url: str, board: int, app: App
) -> None:
    key = made(app, "ann")
    page = context().new_page()
    page.goto(f"{url}/boards/{board}")
    page.get_by_label("Key").fill("kbn_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(card(1))).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    assert key not in page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_that_reads_sees_the_board_live_and_has_no_way_to_change_it(
    context: Context, url: str, board: int, app: App, rest: Rest
) -> None:
    page = context().new_page()
    key, writer = made(app, "eve", "read"), Rest(url)
    page.goto(f"{url}/boards/{board}")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(card(1))).to_be_visible()
    expect(page.locator(".add, .undo, .more")).to_have_count(0)
    page.locator(card(1)).focus()
    for pressed in (" ", "ArrowRight", " ", "m"):
        page.keyboard.press(pressed)
    expect(page.get_by_role("menu")).to_have_count(0)
    page.locator(card(1)).click()
    expect(page.get_by_role("dialog").get_by_role("button")).to_have_count(1)
    writer.close()
    change = """async () => (await fetch("/api/tasks/1", {
        method: "PATCH", headers: { "Content-Type": "application/json" }, body: '{"title": "x"}',
    })).status"""
    assert page.evaluate(change) == 403
