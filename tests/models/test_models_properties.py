"""What holds for all values: order keys, pages, moments, texts and checklists."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from kanban_mcp.models.fields import (
    ChecklistItem,
    Content,
    Description,
    IdempotencyKey,
    Moment,
    Name,
    TagName,
    Title,
)
from kanban_mcp.models.page import PAGE_BYTES, page
from kanban_mcp.models.position import between

ONE_LINE = [Title, Name, TagName, IdempotencyKey, ChecklistItem]
MANY_LINES = [Description, Content]


def valid(kind: Any, value: Any) -> Any:
    """A value as its type keeps it."""
    return TypeAdapter(kind).validate_python(value)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), max_size=200))
def test_a_key_is_strictly_between_however_the_space_was_halved(lower_half: list[bool]) -> None:
    low, high = between(None, None), between(between(None, None), None)
    for lower in lower_half:
        middle = between(low, high)
        assert low < middle < high
        low, high = (low, middle) if lower else (middle, high)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_a_key_at_an_end_is_outside_of_all_others(at_the_top: list[bool]) -> None:
    keys = [between(None, None), between(between(None, None), None)]
    keys.insert(1, between(*keys))
    for top in at_the_top:
        if top:
            keys.insert(0, between(None, keys[0]))
        else:
            keys.append(between(keys[-1], None))
    assert keys == sorted(set(keys))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=3000), max_size=30), st.integers(1, 30))
def test_pages_hold_everything_once_and_keep_to_their_budget(texts: list[str], limit: int) -> None:
    found: list[str] = []
    while True:
        rest = list(enumerate(texts))[len(found) :]
        result = page(
            ("text",), rest[: limit + 1], lambda item: [item[1]], limit=limit, cursor=lambda item: str(item[0])
        )
        size = sum(len(json.dumps(row, ensure_ascii=False).encode()) for row in result.rows)
        assert len(result.rows) == 1 or size <= PAGE_BYTES
        assert result.truncated == (len(result.rows) < min(limit, len(rest)))
        found += [row[0] for row in result.rows]
        if result.next is None:
            break
        assert result.next == str(len(found) - 1)
    assert found == texts


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.builds(
    lambda seconds, microseconds, hours: (EPOCH + timedelta(seconds=seconds, microseconds=microseconds)).astimezone(
        timezone(timedelta(hours=hours))
    ),
    st.integers(-62_135_000_000, 253_402_000_000),
    st.integers(0, 999_999),
    st.integers(-14, 14),
)
"""From the first year to the last, in any zone."""


@settings(max_examples=200, deadline=None)
@given(MOMENTS, MOMENTS)
def test_moments_sort_as_text_and_mean_what_was_given(one: datetime, other: datetime) -> None:
    stored = [valid(Moment, moment.isoformat()) for moment in (one, other)]
    assert (stored[0] < stored[1]) == (one < other)
    assert datetime.fromisoformat(stored[0]) == one
    assert valid(Moment, stored[0]) == stored[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stored[0])


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789-:TWZ+. ", max_size=30) | st.text(max_size=20))
def test_any_other_text_is_no_moment_and_no_fault(text: str) -> None:
    try:
        stored = valid(Moment, text)
    except ValidationError as error:
        assert "date or time" in str(error) or "out of range" in str(error)
    else:
        assert stored == "" or datetime.fromisoformat(stored).tzinfo == UTC


@pytest.mark.parametrize("kind", [*ONE_LINE, *MANY_LINES])
@pytest.mark.parametrize("character", [chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127)], ids=ascii)
def test_control_characters_are_nowhere(kind: Any, character: str) -> None:
    with pytest.raises(ValidationError, match="control characters|one line"):
        valid(kind, f"a{character}b")


@pytest.mark.parametrize("character", ["\n", "\r", "\r\n"], ids=ascii)
def test_lines_are_broken_only_where_texts_are_long(character: str) -> None:
    text = f"a{character}b"
    assert [valid(kind, text) for kind in MANY_LINES] == [text, text]
    for kind in ONE_LINE:
        with pytest.raises(ValidationError, match="one line"):
            valid(kind, text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40), st.booleans())
def test_a_checklist_item_keeps_its_text_and_its_tick_in_whatever_form_it_came(text: str, done: bool) -> None:
    kept = text.strip()
    if not kept or kept.startswith("["):
        return
    forms: list[Any] = [
        {"text": text, "done": done},
        f"[{'x' if done else ' '}] {text}",
        f"[{'X' if done else ' '}]{text}",
    ]
    stored = {valid(ChecklistItem, form) for form in forms}
    assert stored == {f"[{'x' if done else ' '}] {kept}"}
    assert valid(ChecklistItem, stored.pop()) == f"[{'x' if done else ' '}] {kept}"
