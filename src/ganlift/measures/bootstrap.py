"""How far the figures of a test set would move with other images of the same kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.measures.accuracy import CALIBRATION_BINS

RESAMPLES = 1000
_CHUNK = 50

Floats = NDArray[np.float64]


def intervals(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals over images of ``accuracy``, ``balanced_accuracy``, ``ece``, ``nll``, and of ``auroc``
    where there are two classes.

    1,000 times the images are drawn anew, with replacement; the interval holds the middle 95 % of the figures found
    (Efron and Tibshirani 1993, chapter 13). The calibration error of a draw is too large on average, by as much as
    the figure itself is, so its interval is mirrored at the figure (chapter 13.4's basic interval), and never negative.

    Args:
        probabilities: (n, K); n at least 1.
        labels: (n,) in 0..K-1.
    """
    parts = _per_image(probabilities, labels)
    n = len(labels)
    drawn = [
        figures(parts, rng.multinomial(n, np.full(n, 1 / n), size=_CHUNK).astype(np.float64))
        for _ in range(RESAMPLES // _CHUNK)
    ]
    found = {}
    for name, value in figures(parts, np.ones((1, n))).items():
        low, high = np.nanquantile(np.concatenate([one[name] for one in drawn]), [0.025, 0.975])
        if name == "ece":
            low, high = np.maximum(2 * value[0] - np.array([high, low]), 0.0)
        found[name] = (float(low), float(high))
    return found


def figures(parts: dict[str, Floats], weights: Floats) -> dict[str, Floats]:
    """Each figure (B,) when image i counts ``weights[b, i]`` times; ``parts`` are `_per_image`'s."""
    total = weights.sum(1)
    with np.errstate(invalid="ignore"):  # a class without an image has no recall, and is left out of the mean
        recalls = (weights @ parts["hits"]) / (weights @ parts["own"])
    found = {
        "accuracy": weights @ parts["hits"].sum(1) / total,
        "balanced_accuracy": np.nanmean(recalls, axis=1),
        "ece": np.abs(weights @ parts["gaps"]).sum(1) / total,
        "nll": weights @ parts["nll"] / total,
    }
    if "score" in parts:
        found["auroc"] = _auroc(parts["score"], parts["own"][:, 1], weights)
    return found


def _per_image(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> dict[str, Floats]:
    """What an image adds to each figure: (n,), or (n, K) by class and (n, bins) by confidence."""
    wide = probabilities.astype(np.float64)
    own = np.eye(wide.shape[1])[labels]
    right = wide.argmax(1) == labels
    confidence = wide.max(1)
    bins = np.digitize(confidence, np.linspace(0, 1, CALIBRATION_BINS + 1)) - 1
    chosen = np.maximum(wide[np.arange(len(labels)), labels], np.finfo(np.float32).tiny)
    parts = {
        "own": own,
        "hits": own * right[:, None],
        "gaps": np.eye(CALIBRATION_BINS + 1)[bins] * (confidence - right)[:, None],
        "nll": -np.log(chosen),
    }
    if wide.shape[1] == 2 and len(np.unique(labels)) == 2:
        parts["score"] = wide[:, 1]
    return parts


def _auroc(score: Floats, positive: Floats, weights: Floats) -> Floats:
    """Share of (positive, negative) pairs in which the positive image has the higher score; a tie is half a pair."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    ups = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    downs = np.add.reduceat((weights * (1 - positive))[:, order], starts, axis=1)
    below = np.cumsum(downs, axis=1) - downs / 2
    with np.errstate(invalid="ignore"):  # a draw of one class alone has no pairs
        shares: Floats = (ups * below).sum(1) / (ups.sum(1) * downs.sum(1))
    return shares
