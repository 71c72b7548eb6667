"""Durations in buckets."""

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanban_mcp.diagnostics.histogram import Histogram


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(min_value=2e-6, max_value=900), min_size=1, max_size=300),
    st.sampled_from([0.5, 0.95, 0.99, 1.0]),
)
def test_quantiles_are_within_two_percent(durations: list[float], share: float) -> None:
    histogram = Histogram()
    for seconds in durations:
        histogram.observe(seconds)
    ordered = sorted(durations)
    exact = next(value for place, value in enumerate(ordered, 1) if place >= share * len(ordered))
    assert histogram.quantile(share) == pytest.approx(exact, rel=0.0201)


def test_its_size_does_not_depend_on_what_it_has_seen() -> None:
    histogram, chance = Histogram(), random.Random(1)
    histogram.observe(1)
    before = sys.getsizeof(histogram._buckets)
    for _ in range(10_000):
        histogram.observe(chance.expovariate(3))
    assert (sys.getsizeof(histogram._buckets), histogram.count) == (before, 10_001)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9, 1e9])
def test_durations_out_of_range_count_as_the_nearest(seconds: float) -> None:
    histogram = Histogram()
    histogram.observe(seconds)
    assert histogram.count == 1
    assert histogram.quantile(0.5) >= 0 or seconds < 0


def test_without_durations_everything_is_zero() -> None:
    histogram = Histogram()
    assert (histogram.quantile(0.99), histogram.mean, histogram.largest) == (0.0, 0.0, 0.0)


def test_several_together_tell_what_one_would_that_saw_all() -> None:
    one, parts = Histogram(), [Histogram(), Histogram(), Histogram()]
    for number in range(1, 1000):
        one.observe(number / 1000)
        parts[number % 2].observe(number / 1000)
    whole = Histogram.of(parts)
    assert (whole.count, whole.largest) == (one.count, one.largest)
    assert whole.total == pytest.approx(one.total)
    assert [whole.quantile(share / 100) for share in range(101)] == [one.quantile(share / 100) for share in range(101)]
