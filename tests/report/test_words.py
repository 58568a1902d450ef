"""Numbers as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlift.report import words


@pytest.mark.parametrize(
    ("value", "said"), [(0.0123, "+1.2"), (-0.0451, "−4.5"), (0.0, "0.0"), (-0.0001, "0.0"), (None, "–"), ("1", "–")]
)
def test_points_are_signed_and_zero_has_no_sign(value: object, said: str) -> None:
    assert words.points(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (8.25, "8.2 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (75, "1 min 15 s"),
        (3599.7, "1 h 0 min"),
        (3700, "1 h 1 min"),
    ],
)
def test_seconds_in_the_unit_that_fits(value: float, said: str) -> None:
    assert words.seconds(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 MB"), (85.2e6, "85 MB"), (999.4e6, "999 MB"), (999.6e6, "1.0 GB"), (2.14e9, "2.1 GB"), (None, "–")],
)
def test_memory_in_the_unit_that_fits(value: object, said: str) -> None:
    assert words.memory(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.01, "1 point"), (0.02, "2 points"), (0.025, "2.5 points"), (0.0312, "3.1 points"), (None, "–")],
)
def test_a_size_has_no_sign_and_no_idle_zero(value: object, said: str) -> None:
    assert words.size(value) == said


def test_other_numbers() -> None:
    assert words.percent(0.7234) == "72.3 %"
    assert words.count(5800) == "5,800"
    assert words.ratio(6.51) == "6.5 ×"
    assert words.decimal(0.0421) == "0.042"
    assert words.probability(0.0004) == "< 0.001"
    assert words.probability(0.021) == "0.021"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(["a"]) == "a"


@pytest.mark.parametrize("value", [None, "0.5", True, math.nan, math.inf, [1], {}])
def test_what_is_no_finite_number_is_a_dash(value: object) -> None:
    for said in (
        words.percent,
        words.points,
        words.decimal,
        words.count,
        words.ratio,
        words.seconds,
        words.probability,
    ):
        assert said(value) == words.NONE


@given(st.text())
def test_short_is_one_short_line(text: str) -> None:
    said = words.short(text, 18)
    assert 0 < len(said) <= 18
    assert len(said.splitlines()) == 1
