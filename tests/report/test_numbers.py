"""What the pictures show, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from ganlift.report import numbers
from ganlift.report.numbers import Bin, Pair, Spread


def rows(*accuracies: float) -> list[dict[str, object]]:
    return [{"seed": seed, "test_accuracy": accuracy} for seed, accuracy in enumerate(accuracies)]


def test_pairs_are_of_common_seeds() -> None:
    paired = numbers.pairs(rows(0.5, 0.6, 0.7), rows(0.6, 0.55))
    assert paired == [Pair(0, 0.5, 0.6), Pair(1, 0.6, 0.55)]
    assert numbers.gain(paired) == pytest.approx(Spread(0.025, -0.05, 0.1))
    assert numbers.gain([]) is None


def test_mean_and_deviation() -> None:
    assert numbers.mean([1, 2, 3]) == 2
    assert numbers.deviation([1, 2, 3]) == 1
    assert numbers.deviation([1]) is None
    assert numbers.mean([]) is None
    assert numbers.values([{"a": 1}, {"a": None}, {}, {"a": float("nan")}], "a") == [1]


def test_class_gains_pass_over_classes_without_test_images() -> None:
    before = [{"seed": 0, "per_class_recall": [0.5, None]}, {"seed": 1, "per_class_recall": [0.7, None]}]
    after = [{"seed": 0, "per_class_recall": [0.6, 0.2]}, {"seed": 1, "per_class_recall": [0.6, None]}]
    first, second = numbers.class_gains(before, after, 2)
    assert first == pytest.approx(Spread(0.0, -0.1, 0.1))
    assert second is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_confusion_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    table = numbers.confusion(np.eye(4)[predicted], labels)
    np.testing.assert_array_equal(table, confusion_matrix(labels, predicted, labels=range(4)))


def test_confusion_leaves_unlabelled_images_out() -> None:
    assert numbers.confusion(np.eye(2), np.array([0, -1])).tolist() == [[1, 0], [0, 0]]


def test_reliability_and_its_error() -> None:
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.4, 0.6], [1.0, 0.0]])
    bins = numbers.reliability(probabilities, np.array([0, 1, 1, 0]))
    assert np.array(bins) == pytest.approx(np.array([Bin(0.6, 1, 1), Bin(0.9666667, 0.6666667, 3)]))
    # (1 · 0.4 + 3 · 0.3) / 4
    assert numbers.calibration_error(bins) == pytest.approx(0.325)
    assert numbers.calibration_error([]) is None


def test_histogram_has_common_edges_and_shares() -> None:
    edges, first, second = numbers.histogram([0.0, 1.0], [1.0, 2.0, 2.0], bins=2)
    assert edges.tolist() == [0, 1, 2]
    assert first.tolist() == [0.5, 0.5]
    assert second.tolist() == [0, 1]
