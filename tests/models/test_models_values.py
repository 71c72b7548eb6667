"""Order keys, pages and the types of arguments."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from kanban_mcp.models.fields import Checklist, Moment, TagNames, Title
from kanban_mcp.models.page import PAGE_BYTES, page
from kanban_mcp.models.position import between


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=150))
def test_keys_made_anywhere_keep_their_order(places: list[float]) -> None:
    keys: list[str] = []
    for place in places:
        at = round(place * len(keys))
        low, high = keys[at - 1] if at else None, keys[at] if at < len(keys) else None
        keys.insert(at, between(low, high))
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("where", ["first", "last"])
def test_keys_at_an_end_stay_short(where: str) -> None:
    key = between(None, None)
    for _ in range(10_000):
        key = between(None, key) if where == "first" else between(key, None)
    assert len(key) == 12


def test_keys_at_one_spot_grow_slowly() -> None:
    low, high = between(None, None), between(between(None, None), None)
    for _ in range(600):
        low = between(low, high)
    assert len(low) < 12 + 600 / 4


def test_keys_at_random_spots_stay_short() -> None:
    chance, keys = random.Random(1), [between(None, None)]
    for _ in range(3000):
        at = chance.randrange(len(keys) + 1)
        keys.insert(at, between(keys[at - 1] if at else None, keys[at] if at < len(keys) else None))
    assert max(map(len, keys)) < 40


def test_a_page_holds_up_to_its_limit_and_names_what_follows() -> None:
    result = page(("n",), [1, 2, 3], lambda n: [n], limit=2, cursor=str)
    assert (result.rows, result.next, result.truncated) == ([[1], [2]], "2", False)


def test_the_last_page_names_nothing() -> None:
    assert page(("n",), [1, 2], lambda n: [n], limit=2, cursor=str).next is None


def test_a_page_over_the_budget_is_cut_and_says_so() -> None:
    items = ["x" * (PAGE_BYTES // 2)] * 3
    result = page(("text",), items, lambda text: [text], limit=20, cursor=lambda _: "more")
    assert (len(result.rows), result.truncated, result.next) == (1, True, "more")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-05-01", "2026-05-01T00:00:00.000000Z"),
        ("2026-05-01T10:00", "2026-05-01T10:00:00.000000Z"),
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00.000000Z"),
        ("2026-05-01T10:00:00.5-03:30", "2026-05-01T13:30:00.500000Z"),
        ("", ""),
    ],
)
def test_moments_are_stored_in_one_form(text: str, stored: str) -> None:
    assert TypeAdapter(Moment).validate_python(text) == stored


REFUSED: list[tuple[Any, Any]] = [
    (Moment, "tomorrow"),
    (Moment, "0001-01-01T00:00:00+14:00"),
    (Title, ""),
    (Title, " \t "),
    (Title, "two\nlines"),
    (Title, "nul\x00"),
    (Title, "x" * 201),
    (TagNames, ["a,b"]),
    (Checklist, [""]),
    (Checklist, ["x" * 501]),
    (Checklist, [{"done": True}]),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_values_that_make_no_sense_are_refused(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [("one", ["[ ] one"]), (["[X] a", "[ ] b", "[]c"], ["[x] a", "[ ] b", "[ ] []c"]), ([{"text": "d"}], ["[ ] d"])],
)
def test_checklists_are_kept_in_one_form(given_: Any, kept: list[str]) -> None:
    assert TypeAdapter(Checklist).validate_python(given_) == kept
