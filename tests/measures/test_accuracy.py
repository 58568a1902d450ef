"""Scores of probabilities, by hand and on a real classifier."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from ganlift.measures.accuracy import expected_calibration_error, per_class_recall, score

PROBABILITIES = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0], [0.3, 0.7, 0.0]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 1])  # right, wrong, right, right; class 2 has no image


def test_score_by_hand() -> None:
    row = score(PROBABILITIES, LABELS)
    assert row["test_accuracy"] == 0.75
    assert row["per_class_recall"] == [1.0, pytest.approx(2 / 3), None]
    assert row["macro_recall"] == row["balanced_accuracy"] == pytest.approx(5 / 6)
    assert row["g_mean"] == pytest.approx(math.sqrt(2 / 3))  # of the two classes that occur
    nll = -(math.log(0.9) + math.log(0.4) + math.log(0.8) + math.log(0.7)) / 4
    assert row["nll"] == pytest.approx(nll, rel=1e-5)
    # four bins of one image each: |0.9 - 1|, |0.6 - 0|, |0.8 - 1|, |0.7 - 1|
    assert row["ece"] == pytest.approx((0.1 + 0.6 + 0.2 + 0.3) / 4, rel=1e-5)


def test_recall_of_a_class_that_is_predicted_but_absent_is_none() -> None:
    assert per_class_recall(np.array([1, 0]), np.array([0, 0]), 3) == [0.5, None, None]
    row = score(np.array([[0.1, 0.9], [0.9, 0.1]]), np.array([0, 0]))
    assert row["macro_recall"] == row["balanced_accuracy"] == 0.5


def test_certainly_wrong_is_finite() -> None:
    row = score(np.array([[1.0, 0.0]]), np.array([1]))
    assert math.isfinite(row["nll"])
    assert row["ece"] == 1.0


def test_two_images_of_one_bin_share_it() -> None:
    # confidence 0.75 twice, half right: one bin, |0.75 - 0.5|
    probabilities = np.array([[0.75, 0.25], [0.75, 0.25]])
    assert expected_calibration_error(probabilities, np.array([0, 1])) == pytest.approx(0.25)


def test_real_digits_agree_with_the_classifiers_own_score() -> None:
    x, y = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=300).fit(x[:600] / 16, y[:600])
    row = score(model.predict_proba(x[600:] / 16), y[600:])
    assert row["test_accuracy"] == pytest.approx(model.score(x[600:] / 16, y[600:]))
    assert 0 < row["ece"] < 0.2
    assert 0 < row["nll"] < 1


@given(st.integers(1, 40), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_scores_stay_in_range(n: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = score(rng.dirichlet(np.ones(classes), n).astype(np.float32), rng.integers(0, classes, n))
    for key in ("test_accuracy", "balanced_accuracy", "macro_recall", "ece"):
        assert 0 <= row[key] <= 1
    assert row["nll"] >= 0
    assert row["macro_recall"] == pytest.approx(row["balanced_accuracy"])


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        (np.ones((0, 3)), np.zeros(0, dtype=np.int64)),
        (np.ones((1, 1)), np.array([0])),
        (np.full((2, 2), 0.5), np.array([0])),
        (np.full((1, 2), 0.5), np.array([2])),
        (np.full((1, 2), 0.5), np.array([-1])),
        (np.array([[np.nan, 1.0]]), np.array([0])),
        (np.array([[2.0, 3.0]]), np.array([0])),
    ],
)
def test_bad_input_is_refused(probabilities: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"need|labels|probabilities"):
        score(probabilities, labels)
