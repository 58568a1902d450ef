"""Plot pieces, with coordinates worked out by hand."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlift.report import svg


def test_scale_maps_its_ends_and_the_middle() -> None:
    y = svg.Scale(0.5, 0.7, 200, 100)
    assert (y(0.5), y(0.7)) == (200, 100)
    assert y(0.6) == pytest.approx(150)
    assert y(0.8) == pytest.approx(50)


def test_scale_leaves_a_margin_and_survives_equal_values() -> None:
    assert svg.scale([0, 100], 0, 1, margin=0.05)[:2] == (-5, 105)
    low, high, *_ = svg.scale([0.4, 0.4], 0, 1)
    assert low < 0.4 < high
    low, high, *_ = svg.scale([0.0], 0, 1)
    assert low < 0 < high


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.61, 0.79, [0.65, 0.7, 0.75]),
        (-0.062, 0.027, [-0.06, -0.04, -0.02, 0, 0.02]),
        (0, 1000, [0, 200, 400, 600, 800, 1000]),
        (3, 3, [3]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert svg.ticks(low, high, 6 if (low, high) in ((0, 1), (0, 1000)) else 5) == pytest.approx(expected)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_ticks_lie_within_and_are_few(low: float, width: float, most: int) -> None:
    high = low + width
    found = svg.ticks(low, high, most)
    assert len(found) <= most
    assert all(low - 1e-6 * width <= tick <= high + 1e-6 * width for tick in found)
    assert found == sorted(found)


def test_marks_stand_where_they_are_put() -> None:
    assert str(svg.line(1, 2, 3.25, 4, "axis")) == '<line x1="1.0" y1="2.0" x2="3.2" y2="4.0" class="axis"></line>'
    assert 'd="M0.0,1.0L2.0,3.0Z"' in svg.path([(0, 1), (2, 3)], "area", closed=True)
    assert 'width="0.0"' in svg.rect(0, 0, -3, 5, "bar")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_every_text_is_escaped(words: str) -> None:
    parts = [svg.text(0, 0, words, words), svg.circle(0, 0, 1, "mark", words)]
    root = ElementTree.fromstring(str(svg.figure(10, words, words, parts)))
    assert [element.tag for element in root.iter()].count("script") == 0
    assert root.find("text").text == (words or None)
    assert root.find("title").text == (words or None)


def test_a_figure_speaks() -> None:
    root = ElementTree.fromstring(str(svg.figure(10, "What it is", "What it says", [])))
    assert root.get("role") == "img"
    said = {element.get("id"): element.text for element in root}
    assert [said[key] for key in root.get("aria-labelledby").split()] == ["What it is", "What it says"]
