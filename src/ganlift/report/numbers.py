"""What the pictures show, computed from rows and predictions. Pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganlift.report.words import number

Row = dict[str, Any]


class Pair(NamedTuple):
    """One seed's accuracy, or what else arms are judged by, with the reference and with the arm."""

    seed: int
    before: float
    after: float


class Spread(NamedTuple):
    """Mean, least and greatest of some seeds' values."""

    mean: float
    low: float
    high: float


class Bin(NamedTuple):
    """Images whose confidence falls into one interval: mean confidence, share that is right, how many."""

    confidence: float
    accuracy: float
    images: int


def values(rows: Sequence[Row], key: str) -> list[float]:
    """The finite numbers under ``key``."""
    found = (number(row.get(key)) for row in rows)
    return [value for value in found if value is not None]


def mean(of: Sequence[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return statistics.fmean(of) if of else None


def deviation(of: Sequence[float]) -> float | None:
    """Sample standard deviation; None of fewer than two."""
    return statistics.stdev(of) if len(of) > 1 else None


def pairs(reference: Sequence[Row], arm: Sequence[Row], key: str = "test_accuracy") -> list[Pair]:
    """The values under ``key`` of the seeds that both have."""
    before = {row["seed"]: number(row.get(key)) for row in reference}
    both = [(row["seed"], before.get(row["seed"]), number(row.get(key))) for row in arm]
    return [Pair(seed, old, new) for seed, old, new in both if old is not None and new is not None]


def gain(paired: Sequence[Pair]) -> Spread | None:
    """Of the paired differences; None without a common seed."""
    return spread([pair.after - pair.before for pair in paired])


def spread(of: Sequence[float]) -> Spread | None:
    return Spread(statistics.fmean(of), min(of), max(of)) if of else None


def class_gains(reference: Sequence[Row], arm: Sequence[Row], classes: int) -> list[Spread | None]:
    """Difference of recall a class over the common seeds; None for a class without test images."""
    before = {row["seed"]: row.get("per_class_recall") for row in reference}
    found: list[list[float]] = [[] for _ in range(classes)]
    for row in arm:
        one, other = before.get(row["seed"]), row.get("per_class_recall")
        if not isinstance(one, list) or not isinstance(other, list):
            continue
        for differences, old, new in zip(found, one, other, strict=False):
            first, second = number(old), number(new)
            if first is not None and second is not None:
                differences.append(second - first)
    return [spread(differences) for differences in found]


def confusion(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts (K, K): row the true class, column the predicted one. Images without a label are left out."""
    classes = probabilities.shape[1]
    known = (labels >= 0) & (labels < classes)
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels[known], probabilities[known].argmax(1)), 1)
    return table


def reliability(probabilities: NDArray[np.float64], labels: NDArray[np.int64], bins: int = 10) -> list[Bin]:
    """Confidence against accuracy in ``bins`` intervals of equal width; empty ones are left out."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    place = np.clip((confidence * bins).astype(int), 0, bins - 1)
    found = []
    for index in range(bins):
        members = place == index
        if members.any():
            found.append(Bin(float(confidence[members].mean()), float(right[members].mean()), int(members.sum())))
    return found


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Mean distance of confidence from accuracy, weighted by images; None without images."""
    total = sum(one.images for one in bins)
    return sum(one.images * abs(one.confidence - one.accuracy) for one in bins) / total if total else None


def histogram(
    first: Sequence[float], second: Sequence[float], bins: int = 24
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Edges (bins + 1,) common to both, and each one's share a bin (bins,). Both must hold a value."""
    low, high = min(*first, *second), max(*first, *second)
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    shares = [np.histogram(np.asarray(one), edges)[0] / len(one) for one in (first, second)]
    return edges, shares[0], shares[1]


def typical(rows: Sequence[Row], key: str) -> float | None:
    """Median of `values`, for times: a machine that sleeps makes one seed many times as long. None of nothing."""
    found = values(rows, key)
    return statistics.median(found) if found else None


def average(rows: Sequence[Row], key: str) -> float:
    """`mean` of `values`; zero of nothing."""
    return mean(values(rows, key)) or 0.0
