"""Whatever agents write is shown as text: nothing of it runs, and nothing of it becomes part of the page."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.web.conftest import Rest, card

PAYLOADS = [
    "<script>window.taken = 1</script>",
    "<img src=x onerror='window.taken = 1'>",
    "<svg onload=window.taken=1><circle/></svg>",
    "<iframe srcdoc='<script>parent.taken = 1</script>'></iframe>",
    "<a href='javascript:window.taken=1'>here</a>",
    "<style>* { display: none }</style>",
    "<form action=//example.com><button>Send</button></form>",
    '"><b onmouseover=window.taken=1>x</b>',
    "'-window.taken-'",
    "</title></textarea></style></script><script>window.taken = 1</script>",
    "[here](javascript:window.taken=1)",
    "[here](data:text/html,<script>window.taken=1</script>)",
    '![x](x"onerror="window.taken=1)',
    '[a](https://example.com/"onclick="window.taken=1)',
    "<https://example.com/onclick=window.taken=1>",
    "`<script>window.taken = 1</script>`",
    "```\n</code></pre><script>window.taken = 1</script>\n```",
    "${window.taken = 1} {{constructor.constructor('window.taken=1')()}} #{1} <%= 1 %>",
    "__proto__ constructor toString",
    "&lt;script&gt;window.taken = 1&lt;/script&gt; &#60;b&#62;",
    "\u202eevil\u202c \u2066mirrored\u2069",
    "zero\u200bwidth\u200d \ufeff and \U000e0041 tags",
    "e" + "\u0301" * 60,
    "W" * 199,
    "**" * 80 + "_" * 30,
]
FORMS = ["{}", "# {}", "- {}\n- {}", "> {}\n\n{}"]
NOTES = [form.format(payload, payload) for form in FORMS for payload in PAYLOADS]


def test_a_hundred_hostile_titles_and_notes_are_shown_as_text(page: Page, rest: Rest) -> None:
    titles = [payload.replace("\n", " ") for payload in PAYLOADS]
    rest("POST", "/tasks/batch", board=1, tasks=[{"title": title[:200], "status": "todo"} for title in titles * 4])
    assert len(NOTES) == 100
    rest("PATCH", "/tasks/1", description="\n\n".join(NOTES), acceptance=titles)
    calls = [{"operation": "add_note", "arguments": {"task_id": 1, "title": "x", "content": note}} for note in NOTES]
    for half in (calls[:50], calls[50:]):
        rest("POST", "/batch", calls=half)
    told = {int(task["id"]): task["title"] for task in pages(rest)}
    expect(page.locator(".card")).to_have_count(105)
    for number, title in told.items():
        assert page.locator(f"{card(number)} .title").text_content() == f"#{number} {title}"
    assert box(page, ".columns") <= 1280
    page.locator(card(1)).click()
    expect(page.locator("article.note")).to_have_count(100)
    strange = "script, img, svg:not(.graph), iframe, style, form:not([class]), [onclick], [onerror], .prose b, .title b"
    found = page.locator(f".card :is({strange}), .sheet :is({strange})")
    assert found.evaluate_all("all => all.map(each => each.outerHTML.slice(0, 200))") == []
    assert page.locator(".history li").count() > 100
    links = page.eval_on_selector_all(".sheet .prose a", "all => all.map(a => new URL(a.href).protocol)")
    assert set(links) <= {"http:", "https:"}
    assert page.evaluate("window.taken") is None
    assert page.evaluate("({}).taken") is None


def test_a_word_of_ten_thousand_letters_stays_in_its_place(page: Page, rest: Rest) -> None:
    rest("POST", "/tasks/1/notes", content="W" * 10_000)
    rest("PATCH", "/tasks/1", description=f"- {'W' * 10_000}\n\n[x](https://example.com/{'y' * 9_000})")
    page.locator(card(1)).click()
    expect(page.locator("article.note")).to_have_count(1)
    assert page.evaluate("(sheet => sheet.scrollWidth <= sheet.clientWidth)(document.querySelector('.sheet'))")


def pages(rest: Rest) -> list[dict[str, Any]]:
    """All cards to do, as everyone is told of them."""
    first = rest("GET", "/tasks?board=1&status=todo&limit=100")
    return [*first["items"], *rest("GET", f"/tasks?board=1&status=todo&limit=100&cursor={first['next']}")["items"]]


def box(page: Page, selector: str) -> float:
    """How wide something is."""
    found = page.locator(selector).bounding_box()
    assert found is not None
    return found["width"]
