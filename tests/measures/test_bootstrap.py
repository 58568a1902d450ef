"""The bootstrap: a weighted image is as good as a repeated one, and intervals have the right width."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from ganlift.measures.accuracy import score
from ganlift.measures.bootstrap import _per_image, figures, intervals
from ganlift.measures.evaluation import confusion, headlines, per_class


def drawn(n: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    logits = np.round(rng.standard_normal((n, classes)) + 1.5 * np.eye(classes)[labels], 1)  # rounded: with ties
    return softmax(logits, axis=1), labels


@pytest.mark.parametrize("classes", [2, 7])
def test_weights_count_as_repeated_images(classes: int) -> None:
    probabilities, labels = drawn(80, classes)
    weights = np.random.default_rng(1).multinomial(80, np.full(80, 1 / 80), size=5)
    found = figures(_per_image(probabilities, labels), weights.astype(float))
    for index, counts in enumerate(weights):
        repeated, own = np.repeat(probabilities, counts, axis=0), np.repeat(labels, counts)
        wanted = score(repeated, own)
        assert found["accuracy"][index] == pytest.approx(wanted["test_accuracy"])
        assert found["balanced_accuracy"][index] == pytest.approx(wanted["balanced_accuracy"])
        assert found["ece"][index] == pytest.approx(wanted["ece"], abs=1e-6)
        assert found["nll"][index] == pytest.approx(wanted["nll"], abs=1e-6)
        if classes == 2:
            assert found["auroc"][index] == pytest.approx(roc_auc_score(own, repeated[:, 1]))


def test_the_interval_of_accuracy_is_as_wide_as_the_binomial_says() -> None:
    probabilities, labels = drawn(500, 3)
    low, high = intervals(probabilities, labels, np.random.default_rng(0))["accuracy"]
    accuracy = score(probabilities, labels)["test_accuracy"]
    assert low < accuracy < high
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(accuracy * (1 - accuracy) / 500), rel=0.15)


def test_the_interval_of_the_calibration_error_reaches_what_is_true() -> None:
    """Of honest probabilities the true error is nought, and the figure of few images is always above it."""
    rng = np.random.default_rng(3)
    probabilities = softmax(2 * rng.standard_normal((300, 3)), axis=1)
    labels = (rng.random(300)[:, None] > probabilities.cumsum(1)).sum(1)
    low, high = intervals(probabilities, labels, np.random.default_rng(0))["ece"]
    assert low < 0.02
    assert high > low >= 0


def test_headlines_are_the_same_every_time_and_hold_their_value() -> None:
    probabilities, labels = drawn(60, 2)
    found = headlines(probabilities, labels)
    assert found == headlines(probabilities, labels)
    assert found.keys() == {"accuracy", "balanced_accuracy", "macro_recall", "ece", "nll", "auroc"}
    assert all(line["low"] <= line["value"] <= line["high"] for name, line in found.items() if name != "ece")


def test_one_class_alone_has_no_auroc_and_one_image_is_enough() -> None:
    found = headlines(np.array([[0.3, 0.7]]), np.array([1]))
    assert "auroc" not in found
    assert found["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_precision_and_recall_by_hand() -> None:
    predicted = np.eye(4)[[0, 0, 1, 2, 0]]
    counts = confusion(predicted, np.array([0, 1, 1, 1, 0]))
    assert counts.tolist() == [[2, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert per_class(counts) == [
        {"images": 2, "recall": 1.0, "precision": pytest.approx(2 / 3)},
        {"images": 3, "recall": pytest.approx(1 / 3), "precision": 1.0},
        {"images": 0, "recall": None, "precision": 0.0},
        {"images": 0, "recall": None, "precision": None},
    ]
