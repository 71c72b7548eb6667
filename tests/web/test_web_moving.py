"""Moving cards: by mouse, touch, keyboard and menu; at once, and put back where that is refused."""

import time
from typing import TypeVar

from playwright.sync_api import APIResponse, Page, Route, expect

from tests.web.conftest import PATIENCE_MS, Context, Rest, StdioAgent, card, column, opened, order

T = TypeVar("T")


def status(rest: Rest, task: int) -> str:
    """Where a card is for everyone."""
    return str(rest("GET", f"/tasks/{task}")["status"])


def heard(version: int) -> str:
    """Selects cards of which the news of a version has come; a move that is not answered yet is shown without."""
    return f'[data-version="{version}"]'


def first(page: Page, come: list[T]) -> T:
    """The first that Playwright hands over, which it may do later than the page shows what it asked for."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not come:
        assert time.monotonic() < deadline, "nothing came"
        page.evaluate("null")  # while the page answers, what has come is handed over
    return come[0]


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def limited(rest: Rest, **limits: int) -> None:
    """Limit how many cards columns may hold."""
    names = ("status", "name", "category")
    kept = [{name: each[name] for name in names} for each in rest("GET", "/boards/1?limit=1")["columns"]]
    columns = [each | ({"wip_limit": limits[each["status"]]} if each["status"] in limits else {}) for each in kept]
    rest("PUT", "/boards/1/columns", columns=columns)


def test_the_mouse_drags_a_card_to_another_column(page: Page, rest: Rest) -> None:
    with page.expect_response("**/move"):
        page.mouse.move(*middle(page, card(2)))
        page.mouse.down()
        page.mouse.move(*middle(page, column("review")), steps=5)
        page.mouse.up()
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    assert status(rest, 2) == "review"


def test_the_mouse_drags_a_card_to_another_place_in_its_column(page: Page, rest: Rest) -> None:
    x, y = middle(page, card(1))
    with page.expect_response("**/move"):
        page.mouse.move(*middle(page, card(4)))
        page.mouse.down()
        page.mouse.move(x, y, steps=5)
        page.mouse.move(x, y - 12)
        page.mouse.up()
    assert order(page, "todo") == [4, 1, 2, 3, 5]
    listed = rest("GET", "/tasks?board=1&status=todo")
    assert [task["id"] for task in listed["items"]] == [4, 1, 2, 3, 5]


def test_escape_while_dragging_puts_the_card_back(page: Page, rest: Rest) -> None:
    page.mouse.move(*middle(page, card(2)))
    page.mouse.down()
    page.mouse.move(*middle(page, column("review")), steps=3)
    assert order(page, "review") == [2]
    page.keyboard.press("Escape")
    page.mouse.up()
    assert order(page, "todo") == [1, 2, 3, 4, 5]
    assert status(rest, 2) == "todo"


def test_a_finger_that_rests_on_a_card_lifts_it(context: Context, url: str, board: int, rest: Rest) -> None:
    page = opened(context(has_touch=True).new_page(), f"{url}/boards/{board}")
    touch = page.context.new_cdp_session(page)
    (x, y), (to_x, to_y) = middle(page, card(2)), middle(page, column("in_progress"))
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    page.wait_for_selector(".ghost")
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": to_x, "y": to_y}]})
    with page.expect_response("**/move"):
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(f"{column('in_progress')} {card(2)}")).to_be_visible()
    assert status(rest, 2) == "in_progress"


def test_a_finger_at_the_edge_of_a_phone_pulls_the_board_along(
    context: Context, url: str, board: int, rest: Rest
) -> None:
    phone = context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 780})
    page = opened(phone.new_page(), f"{url}/boards/{board}")
    touch = phone.new_cdp_session(page)
    page.locator(card(2)).scroll_into_view_if_needed()
    x, y = middle(page, card(2))
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    page.wait_for_selector(".ghost")
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": 385, "y": y}]})
    expect(page.locator(f"{column('done')} {card(2)}")).to_be_in_viewport()
    with page.expect_response("**/move"):
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert status(rest, 2) == "done"


def test_what_is_dragged_selects_no_text(page: Page) -> None:
    page.mouse.move(*middle(page, card(2)))
    page.mouse.down()
    page.mouse.move(*middle(page, column("review")), steps=4)
    assert page.evaluate("getSelection().toString()") == ""
    page.keyboard.press("Escape")
    page.mouse.up()


def test_arrows_walk_lift_carry_and_drop(page: Page, rest: Rest) -> None:
    page.locator(card(1)).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(card(2))).to_be_focused()
    for key in (" ", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#told")).to_contain_text("In progress, 1 of 1")
    with page.expect_response("**/move"):
        page.keyboard.press(" ")
    expect(page.locator(card(2))).to_be_focused()
    assert status(rest, 2) == "in_progress"


def test_escape_puts_a_lifted_card_back(page: Page, rest: Rest) -> None:
    page.locator(card(3)).focus()
    for key in (" ", "ArrowUp", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(card(3))).to_be_focused()
    assert order(page, "todo") == [1, 2, 3, 4, 5]
    assert status(rest, 3) == "todo"


def test_a_card_that_is_lifted_stays_in_hand_while_others_change_it(page: Page, rest: Rest) -> None:
    page.locator(card(3)).focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    rest("PATCH", "/tasks/3", title="Renamed meanwhile")
    expect(page.locator("#told")).to_contain_text("Renamed meanwhile")
    assert order(page, "in_progress") == [3]
    with page.expect_response("**/move") as moved:
        page.keyboard.press("Enter")
    assert moved.value.ok
    expect(page.locator(f"{column('in_progress')} {card(3)}")).to_contain_text("Renamed meanwhile")


def test_the_menu_moves_a_card_with_the_keyboard_alone(page: Page, rest: Rest) -> None:
    page.locator(card(1)).focus()
    page.keyboard.press("m")
    with page.expect_response("**/move"):
        page.get_by_role("menuitem", name="Review").press("Enter")
    expect(page.locator(f"{column('review')} {card(1)}")).to_be_focused()
    assert status(rest, 1) == "review"


def test_the_menu_opens_from_the_button_of_a_card_and_closes_by_escape(page: Page) -> None:
    page.get_by_role("button", name="Move #1 to…").click()
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.locator(card(1))).to_be_focused()


def test_a_move_is_seen_before_the_server_answers_and_put_back_with_the_reason_when_it_refuses(
    page: Page, rest: Rest
) -> None:
    limited(rest, review=1)
    rest("POST", "/tasks/1/move", status="review")
    expect(page.locator(f"{column('review')} {card(1)}")).to_be_visible()
    expect(page.locator('.column[data-status="review"] .count')).to_have_text("1 of 1: full")
    held: list[Route] = []
    page.route("**/move", lambda route: held.append(route))
    page.locator(card(2)).focus()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Review").press("Enter")
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    expect(page.locator('.column[data-status="review"] .count')).to_have_text("2 of 1: 1 over the limit")
    first(page, held).continue_()
    expect(page.locator("#told .wrong")).to_contain_text("is full: 1 of 1")
    assert order(page, "todo") == [2, 3, 4, 5]


def test_a_move_of_what_someone_else_just_moved_is_refused_and_their_move_stays(page: Page, rest: Rest) -> None:
    held: list[Route] = []
    page.route("**/move", lambda route: held.append(route))
    page.locator(card(2)).focus()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Review").press("Enter")
    expect(page.locator(f"{column('review')} {card(2)}")).to_be_visible()
    rest("POST", "/tasks/2/move", status="backlog")
    expect(page.locator(f"{column('backlog')} {card(2)}")).to_be_visible()
    first(page, held).continue_()
    expect(page.locator("#told .wrong")).to_contain_text("status changed since")
    assert order(page, "backlog") == [2]


def test_a_card_is_moved_twice_without_waiting(page: Page, rest: Rest) -> None:
    for name in ("Review", "In progress"):
        page.locator(card(2)).focus()
        page.keyboard.press("m")
        with page.expect_response("**/move") as moved:
            page.get_by_role("menuitem", name=name).press("Enter")
        assert moved.value.ok
    assert status(rest, 2) == "in_progress"


def test_several_chosen_cards_move_together(page: Page, rest: Rest) -> None:
    page.locator(card(1)).click(modifiers=["ControlOrMeta"])
    page.locator(card(3)).focus()
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_contain_text("2 chosen")
    with page.expect_response("**/batch"):
        page.locator(".bulk").get_by_role("button", name="Review").click()
    expect(page.locator(f"{column('review')} .card")).to_have_count(2)
    expect(page.locator(".bulk")).to_be_hidden()
    assert [status(rest, task) for task in (1, 3)] == ["review", "review"]


def test_a_key_takes_back_what_one_did_last_and_then_what_came_before(page: Page, rest: Rest) -> None:
    for number in (1, 2):
        page.locator(card(number)).focus()
        page.keyboard.press("m")
        with page.expect_response("**/move"):
            page.get_by_role("menuitem", name="Review").press("Enter")
        expect(page.locator(f"{column('review')} {card(number)}{heard(2)}")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(f"{column('todo')} {card(2)}")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(f"{column('todo')} {card(1)}")).to_be_visible()
    assert order(page, "todo") == [1, 2, 3, 4, 5]


def test_a_key_pressed_again_before_the_first_answer_takes_back_what_came_before(page: Page, rest: Rest) -> None:
    for number in (1, 2):
        page.locator(card(number)).focus()
        page.keyboard.press("m")
        page.get_by_role("menuitem", name="Review").press("Enter")
        expect(page.locator(f"{column('review')} {card(number)}{heard(2)}")).to_be_visible()
    held: list[Route] = []
    answers: list[APIResponse] = []

    def keep_the_first(route: Route) -> None:
        if held:
            return route.continue_()
        held.append(route)
        return answers.append(route.fetch())

    page.route("**/undo", keep_the_first)
    page.keyboard.press("u")
    expect(page.locator(f"{column('todo')} {card(2)}{heard(3)}")).to_be_visible()  # the news is here, the answer is not
    page.keyboard.press("u")
    rest("PATCH", "/tasks/5", title="Seen meanwhile")
    expect(page.locator(card(5))).to_contain_text("Seen meanwhile")
    held[0].fulfill(response=first(page, answers))
    expect(page.locator(f"{column('todo')} {card(1)}")).to_be_visible()
    assert order(page, "todo") == [1, 2, 3, 4, 5]


def test_two_pages_and_an_agent_that_move_the_same_cards_at_once_end_with_one_board(
    page: Page, context: Context, url: str, board: int, agent: StdioAgent, rest: Rest
) -> None:
    other = opened(context().new_page(), f"{url}/boards/{board}")
    places = ["Review", "In progress", "Backlog"]
    for turn in range(6):
        for each, number in ((page, turn % 5 + 1), (other, (turn + 2) % 5 + 1)):
            each.locator(card(number)).focus()
            each.keyboard.press("m")
            item = each.get_by_role("menuitem", name=places[turn % 3])
            if item.is_disabled():
                each.keyboard.press("Escape")
                continue
            with each.expect_response("**/move"):  # done or refused
                item.press("Enter")
        agent("move_task", task_id=(turn + 1) % 5 + 1, status=["todo", "review", "backlog"][turn % 3])
    agent("create_task", title="The last", status="todo")
    for each in (page, other):
        expect(each.locator(".column[data-status=todo]")).to_contain_text("The last")
    for status in ("backlog", "todo", "in_progress", "review"):
        truth = [task["id"] for task in rest("GET", f"/tasks?board={board}&status={status}")["items"]]
        for each in (page, other):
            expect(each.locator(f"{column(status)} .card")).to_have_count(len(truth))
            assert order(each, status) == truth


def test_two_pages_and_an_agent_work_on_one_board(
    page: Page, context: Context, url: str, board: int, agent: StdioAgent
) -> None:
    other = opened(context().new_page(), f"{url}/boards/{board}")
    task = agent("claim_next")["task"]
    for each in (page, other):
        expect(each.locator(f"{column('in_progress')} {card(task['id'])}")).to_contain_text("bob")
    page.locator(card(3)).focus()
    page.keyboard.press("m")
    page.get_by_role("menuitem", name="Review").press("Enter")
    expect(other.locator(f"{column('review')} {card(3)}")).to_be_visible()
    agent("complete_task", task_id=task["id"], lease=task["lease"])
    for each in (page, other):
        expect(each.locator(f"{column('done')} {card(task['id'])}")).to_be_visible()
