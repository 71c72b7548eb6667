"""How what benchmarks find is shown."""

import pytest

from benchmarks.report import Answer, Figure, as_page, table

SHORT = Figure("as fast as five", 4, "times", 5, "at least", aim=True)
SLOW = Figure("a call", 30, "ms", 20)
MISSED = Figure("larger by", 3, "times", 2)
MET = Figure("smaller by", 1, "times", 2)


@pytest.mark.parametrize("figure", [SHORT, SLOW])
def test_what_nothing_fails_by_is_short_of_the_aim_and_not_missed(figure: Figure) -> None:
    assert not figure.misses_by(0.2)
    for shown in (table([figure]), as_page("Benchmarks", [Answer("one", "How?", [figure], 1.0)])):
        assert "short of the aim" in shown
        assert "MISSED" not in shown


def test_a_bar_that_is_missed_is_called_so() -> None:
    assert MISSED.misses_by(0.2)
    for shown in (table([MISSED]), as_page("Benchmarks", [Answer("one", "How?", [MISSED], 1.0)])):
        assert "MISSED" in shown


def test_a_bar_that_is_met_is_ok() -> None:
    assert "ok" in table([MET]).split()
    assert "at most 2 |" in as_page("Benchmarks", [Answer("one", "How?", [MET], 1.0)])
