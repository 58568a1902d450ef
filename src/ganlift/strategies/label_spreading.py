"""`label-spreading`: labels run along a graph of nearest neighbours (Zhou et al. 2004), then a classifier learns them.

F ← α S F + (1 - α) Y over labelled and unlabelled images, S the normalised graph of k nearest neighbours, which is
scikit-learn's `LabelSpreading`, its graph tuned on validation. What is spread belongs to the images of the graph; so
that the arm ends in a classifier of new ones, a logistic regression learns the spread labels, each image weighing as
much as its label is certain.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, strategy
from ganlift.strategies.solved import (
    Floats,
    SolvedOptions,
    linear_classifier,
    logistic,
    plain_vectors,
    rows_of_classes,
    unlabelled_vectors,
)


class LabelSpreadingOptions(SolvedOptions):
    neighbours: tuple[int, ...] = Field((5, 10, 20), min_length=1, description="k: the candidates")
    alpha: tuple[float, ...] = Field((0.2, 0.5, 0.9), min_length=1, description="α: the candidates, in (0, 1)")
    strength: float = Field(1e-2, gt=0, description="C of the logistic regression on the spread labels")


@dataclass(frozen=True)
class Spread:
    """Distributions (n, K) of the images of the graph, and the score of the graph on validation."""

    odds: NDArray[np.float64]
    score: float
    nll: float


@strategy(
    "label-spreading",
    kind="rival",
    summary="Labels spread along a graph of nearest neighbours; a linear classifier learns them.",
    source="Zhou et al. 2004, eq. 3",
    options=LabelSpreadingOptions,
    unlabelled="required",
    validates=True,
    spaces=VECTORS,
)
def phases(setup: Setup, options: LabelSpreadingOptions) -> Phases:
    """The graph of each k and α, the best by validation, and a classifier of what it spread."""
    task = setup.task
    unlabelled = unlabelled_vectors(setup)
    x = np.concatenate([plain_vectors(setup, task.labelled), unlabelled])
    y = np.concatenate([task.labels, np.full(len(unlabelled), -1)])
    held_out = plain_vectors(setup, task.validation)
    grid = list(product(options.neighbours, options.alpha))
    spread = [_spread(setup, x, y, held_out, k, alpha) for k, alpha in grid]
    best = min(range(len(grid)), key=lambda place: (-spread[place].score, spread[place].nll))
    odds = spread[best].odds
    sure = odds.max(1)
    solved = logistic(x, odds.argmax(1), options.strength, sample_weight=sure)
    yield from ()
    weights, bias = rows_of_classes(solved, task.classes)
    k, alpha = grid[best]
    facts = {"neighbours": k, "alpha": alpha, "certainty": float(sure.mean())}
    return Outcome(linear_classifier(setup, weights, bias), facts, architecture="linear")


def _spread(setup: Setup, x: Floats, y: NDArray[np.int64], held_out: Floats, k: int, alpha: float) -> Spread:
    from sklearn.semi_supervised import LabelSpreading

    graph = LabelSpreading(kernel="knn", n_neighbors=min(k, len(x) - 1), alpha=alpha, max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # labels that still run after 50 rounds are as good as settled
        graph.fit(x, y)
        predicted = graph.predict_proba(held_out)  # and an image without a labelled neighbour is of any class
    wanted = setup.task.validation_labels
    found = np.nan_to_num(predicted, nan=1 / setup.task.classes).clip(1e-6)
    score = setup.measure.of(found.argmax(1) == wanted, wanted)
    nll = -float(np.log(found[np.arange(len(wanted)), wanted]).mean())
    odds = np.nan_to_num(graph.label_distributions_, nan=1 / setup.task.classes)
    return Spread(odds, score, nll)
