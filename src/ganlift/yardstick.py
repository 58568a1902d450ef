"""What arms are judged by: accuracy, or macro recall, in which every class weighs the same.

The two are one formula: the share of test images that are right, the images weighted. With N images, n_k of them of
class k, and K classes that occur, macro recall weights an image of class k by N / (K n_k); accuracy by 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNEQUAL = 2
"""From this ratio of the largest to the smallest labelled class on, ``auto`` is macro recall."""


@dataclass(frozen=True)
class Yardstick:
    """One measure of a classifier.

    Attributes:
        name: as in a configuration, ``plan.json`` and ``verdict.json``.
        words: as in a sentence.
        test, validation: its columns in ``results.jsonl``.
        by_class: whether every class weighs the same, and not every image.
    """

    name: str
    words: str
    test: str
    validation: str
    by_class: bool

    def weights(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights (N,) of images with ``labels`` (N,) in 0..K-1; their mean is 1."""
        if not self.by_class:
            return np.ones(len(labels))
        counts = np.bincount(labels)
        return np.asarray(len(labels) / (np.count_nonzero(counts) * counts[labels]), np.float64)

    def of(self, right: NDArray[Any], labels: NDArray[np.int64]) -> float:
        """The measure of a classifier that is ``right`` (N,) on images with ``labels`` (N,), N at least 1."""
        return float(np.average(right, weights=self.weights(labels)))


ACCURACY = Yardstick("accuracy", "accuracy", "test_accuracy", "validation_accuracy", by_class=False)
MACRO_RECALL = Yardstick("macro-recall", "macro recall", "macro_recall", "validation_macro_recall", by_class=True)
YARDSTICKS = {one.name: one for one in (ACCURACY, MACRO_RECALL)}


def named(name: Any) -> Yardstick:
    """The yardstick that a file of a run names; accuracy for files from before there was a choice."""
    return YARDSTICKS.get(str(name), ACCURACY)


def choose_yardstick(asked: str, counts: Sequence[int]) -> tuple[Yardstick, str]:
    """What ``auto`` (or a name) is on labelled classes of ``counts`` images, and a sentence where that needs one."""
    if asked in YARDSTICKS:
        return YARDSTICKS[asked], ""
    most, least = max(counts), min(counts)
    if most < UNEQUAL * max(least, 1):
        return ACCURACY, ""
    return MACRO_RECALL, (
        f"Arms are judged by macro recall, in which every class weighs the same: of the classes' labelled images the "
        f"most are {most:,} and the fewest {least:,}. --measure accuracy judges by accuracy."
    )
