"""All figures of a classifier on a set of images, the headlines with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.measures.accuracy import score
from ganlift.measures.bootstrap import intervals

SEED = 0
"""Draws the bootstrap: the same predictions have the same intervals every time."""


def headlines(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """``value``, ``low`` and ``high`` (95 %, `intervals`) of ``accuracy``, ``balanced_accuracy``, ``macro_recall``
    (the same by another name), ``ece``, ``nll``, and ``auroc`` of two classes that both occur.

    Args:
        probabilities: (n, K), n at least 1.
        labels: (n,) int64 in 0..K-1.
    """
    scored = score(probabilities, labels)
    values = {
        "accuracy": scored["test_accuracy"],
        **{name: scored[name] for name in ("balanced_accuracy", "ece", "nll")},
    }
    if probabilities.shape[1] == 2 and len(np.unique(labels)) == 2:
        from sklearn.metrics import roc_auc_score

        values["auroc"] = float(roc_auc_score(labels, probabilities[:, 1]))
    found = intervals(probabilities, labels, np.random.default_rng(SEED))
    lines = {name: {"value": value, "low": found[name][0], "high": found[name][1]} for name, value in values.items()}
    return {**lines, "macro_recall": lines["balanced_accuracy"]}


def confusion(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K, K) counts: the row is the image's class, the column the one predicted."""
    from sklearn.metrics import confusion_matrix

    classes = range(probabilities.shape[1])
    counts: NDArray[np.int64] = confusion_matrix(labels, probabilities.argmax(1), labels=classes)
    return counts


def per_class(counts: NDArray[np.int64]) -> list[dict[str, float | int | None]]:
    """``images``, ``recall`` and ``precision`` of each class; None where there is no image, or no prediction."""
    right = np.diag(counts)

    def share(index: int, total: NDArray[np.int64]) -> float | None:
        return float(right[index] / total[index]) if total[index] else None

    own, predicted = counts.sum(1), counts.sum(0)
    return [
        {"images": int(own[index]), "recall": share(index, own), "precision": share(index, predicted)}
        for index in range(len(counts))
    ]
