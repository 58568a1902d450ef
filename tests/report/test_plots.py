"""Plots, with marks where hand-worked coordinates say."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from ganlift.report import plots, words
from ganlift.report.numbers import Bin, Pair, Spread


def parsed(figure: str) -> Element:
    return ElementTree.fromstring(str(figure))


def marks(root: Element, tag: str, style: str) -> list[Element]:
    return [one for one in root.iter(tag) if style in (one.get("class") or "").split()]


def test_interval_is_to_scale() -> None:
    root = parsed(plots.interval((0.02, 0.01, 0.03), (-0.05, 0.05), "helps", "accuracy"))
    # The span with a margin of 6 % of 0.1 is -0.056 to 0.056 on 12 to 328: zero at 170, one point is 28.214.
    (zero,) = marks(root, "line", "zero")
    assert float(zero.get("x1")) == pytest.approx(170, abs=0.1)
    (dot,) = marks(root, "circle", "mark")
    assert float(dot.get("cx")) == pytest.approx(226.4, abs=0.1)
    whisker = marks(root, "line", "whisker")[0]
    assert float(whisker.get("x1")) == pytest.approx(198.2, abs=0.1)
    assert float(whisker.get("x2")) == pytest.approx(254.6, abs=0.1)


def test_interval_shows_where_a_gain_is_worth_having() -> None:
    for margin, anchor in ((0.01, "start"), (0.045, "end")):
        root = parsed(plots.interval((0.02, 0.01, 0.03), (-0.05, 0.05), "no-gain", "accuracy", margin))
        (mark,) = marks(root, "line", "margin")
        assert float(mark.get("x1")) == pytest.approx(170 + margin * 2821.4, abs=0.1)
        (said,) = (one for one in root.iter("text") if one.text and one.text.startswith("worth having"))
        assert said.get("text-anchor") == anchor


def test_slope_draws_a_seed_a_line_and_marks_falling_ones() -> None:
    root = parsed(plots.slope([Pair(0, 0.6, 0.7), Pair(1, 0.7, 0.65)], "augment", "sgan", None, "accuracy"))
    lines = marks(root, "path", "seed")
    assert [line.get("class") for line in lines] == ["seed up", "seed down"]
    # 0.6 to 0.7 with a margin of 6 % is 0.594 to 0.706 on 222 to 32: 0.6 lies at 211.8, 0.7 at 42.2.
    assert lines[0].get("d") == "M54.0,211.8L174.0,42.2"


def test_slope_puts_the_gain_above_the_references_mean() -> None:
    root = parsed(plots.slope([Pair(0, 0.6, 0.7), Pair(1, 0.7, 0.8)], "augment", "sgan", (0.1, 0.05, 0.15), "accuracy"))
    # All within 0.6 and 0.8 with a margin of 0.012: the mean 0.65 lies at 169.4, the gain at 0.75 at 84.6.
    (zero,) = marks(root, "line", "zero")
    assert float(zero.get("y1")) == pytest.approx(169.4, abs=0.1)
    gain = marks(root, "circle", "mark")[-1]
    assert float(gain.get("cy")) == pytest.approx(84.6, abs=0.1)
    assert "up" in gain.get("class")


def test_slope_writes_a_long_name_in_two_lines() -> None:
    arm = "fixmatch-in-time-of-sgan-fixmatch"
    root = parsed(plots.slope([Pair(0, 0.6, 0.7)], arm, "sgan", None, "accuracy"))
    heads = {(one.text, one.get("x"), one.get("y")) for one in root.iter("text") if one.get("class") == "label"}
    assert heads == {
        ("fixmatch-in-time-", "54.0", "16.0"),
        ("of-sgan-fixmatch", "54.0", "30.0"),
        ("sgan", "174.0", "16.0"),
    }
    (line,) = marks(root, "path", "seed")
    assert line.get("d") == "M54.0,225.8L174.0,56.2"  # as above, 14 lower


def test_slope_has_no_accuracy_below_0_or_above_100_percent() -> None:
    """The interval of two seeds reaches from -150 % to 283 %."""
    root = parsed(
        plots.slope([Pair(0, 0.5, 0.83), Pair(1, 0.5, 0.5)], "augment", "sgan", (0.17, -2.0, 2.33), "accuracy")
    )
    said = [one.text for one in root.iter("text") if one.get("text-anchor") == "end"]
    assert said == ["0", "50", "100"]


def test_class_dots_shows_a_row_a_class_and_those_without_test_images() -> None:
    root = parsed(plots.class_dots(["cat", "dog"], [Spread(0.02, -0.01, 0.05), None]))
    assert len(marks(root, "circle", "mark")) == 1
    said = [one.text for one in root.iter("text")]
    assert "no test image" in said
    assert "+2.0" in said


def test_class_dots_without_any_known_class() -> None:
    assert "no test image" in plots.class_dots(["cat"], [None])


def test_bars_are_in_proportion_and_carry_their_part() -> None:
    root = parsed(plots.bars("Time", ["a", "b"], [50.0, 100.0], words.seconds, [0.0, 25.0]))
    # A full bar is 118 to 266.
    full = [float(one.get("width")) for one in marks(root, "rect", "bar")]
    assert full == pytest.approx([0, 74, 37, 111])


def test_reliability_lies_on_the_diagonal_when_calibrated() -> None:
    bins = [Bin(0.25, 0.25, 10), Bin(0.75, 0.75, 10)]
    root = parsed(plots.reliability_plot(bins, bins, "augment", "sgan"))
    for dot in marks(root, "circle", "mark"):
        assert float(dot.get("cx")) - 46 == pytest.approx(274 - float(dot.get("cy")), abs=0.15)


def test_distances_share_their_bins() -> None:
    root = parsed(plots.distances([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]))
    assert len(marks(root, "path", "area")) == 2
    assert "medians: generated to real 2, real to real 3" in root.find("desc").text


def test_distances_of_equal_values() -> None:
    assert len(marks(parsed(plots.distances([1.0], [1.0])), "path", "area")) == 2


def test_curves_draw_a_seed_a_line() -> None:
    series = [("seed 0", [(0.0, 2.0), (100.0, 1.0)]), ("seed 1", [(0.0, 2.0), (100.0, 1.5)])]
    root = parsed(plots.curves("loss", series, lambda value: f"{value:g}"))
    first, second = marks(root, "path", "trace")
    # 1 to 2 with a margin of 6 % is 0.94 to 2.06 on 150 to 10: 2 lies at 17.5, 1 at 142.5, 1.5 at 80.
    assert first.get("d") == "M50.0,17.5L318.0,142.5"
    assert second.get("d") == "M50.0,17.5L318.0,80.0"
