"""Accuracy and macro recall as one formula, and which of them a comparison goes by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, recall_score

from ganlift.yardstick import ACCURACY, MACRO_RECALL, choose_yardstick, named


def test_weights_by_hand() -> None:
    """Four images of two classes that occur, three of one: 4 / (2 · 3) and 4 / (2 · 1)."""
    labels = np.array([0, 0, 2, 0])
    assert MACRO_RECALL.weights(labels) == pytest.approx([2 / 3, 2 / 3, 2, 2 / 3])
    assert MACRO_RECALL.of(np.array([True, False, True, False]), labels) == pytest.approx((1 / 3 + 1) / 2)
    assert ACCURACY.of(np.array([True, False, True, False]), labels) == 0.5


@given(st.integers(1, 40).flatmap(lambda n: arrays(np.int64, (2, n), elements=st.integers(0, 4))))
def test_as_scikit_learn_has_them(drawn: np.ndarray) -> None:
    predicted, labels = drawn
    recall = recall_score(labels, predicted, labels=np.unique(labels), average="macro")
    assert MACRO_RECALL.of(predicted == labels, labels) == pytest.approx(recall)
    assert ACCURACY.of(predicted == labels, labels) == pytest.approx(accuracy_score(labels, predicted))
    assert MACRO_RECALL.weights(labels).mean() == pytest.approx(1.0)


def test_what_auto_is() -> None:
    assert choose_yardstick("auto", [10, 10]) == choose_yardstick("auto", [19, 10]) == (ACCURACY, "")
    found, why = choose_yardstick("auto", [1200, 50, 600])
    assert found is MACRO_RECALL
    assert "the most are 1,200 and the fewest 50" in why
    assert choose_yardstick("accuracy", [1200, 50]) == (ACCURACY, "")
    assert choose_yardstick("macro-recall", [10, 10]) == (MACRO_RECALL, "")
    assert named(None) is named("accuracy") is ACCURACY
