"""What the arms share that solve for a classifier of vectors, where others take steps."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from ganlift.data.mapped import Items
from ganlift.strategies.base import Setup

Floats = NDArray[np.float32]

MOST_UNLABELLED = 10_000
"""Unlabelled items that an arm solves with at once, at most; those that take steps see 64 in each."""


class SolvedOptions(BaseModel):
    """Options of arms without steps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    balance: Literal["auto", "on", "off"] = Field(
        "auto", description="every class weighs as much as any other; auto: where macro recall judges"
    )

    def balances(self, setup: Setup) -> bool:
        return setup.measure.by_class if self.balance == "auto" else self.balance == "on"


def plain_vectors(setup: Setup, items: Items) -> Floats:
    """The first view of items (n, v, d): (n, d) of length √d."""
    found: Floats = setup.space.plain(torch.from_numpy(np.ascontiguousarray(items))).numpy()
    return found


def unlabelled_vectors(setup: Setup) -> Floats:
    """The first view of the unlabelled items, or of `MOST_UNLABELLED` of them, drawn with the arm's seed."""
    items = setup.task.unlabelled
    if len(items) <= MOST_UNLABELLED:
        return plain_vectors(setup, items)
    rng = np.random.default_rng(setup.rng.derive("unlabelled vectors"))
    return plain_vectors(setup, items[np.sort(rng.choice(len(items), MOST_UNLABELLED, replace=False))])


def weak_vectors(setup: Setup) -> tuple[Floats, NDArray[np.int64]]:
    """Every weak view of every labelled image, (n · views, d), with its label."""
    task = setup.task
    labelled = np.asarray(task.labelled)
    views = [plain_vectors(setup, labelled[:, view:]) for view in range(task.weak_views)]
    return np.concatenate(views), np.tile(task.labels, len(views))


def logistic(
    x: Floats, y: NDArray[np.int64], strength: float, *, class_weight: str | None = None, sample_weight: Any = None
) -> Any:
    """scikit-learn's logistic regression of vectors (n, d) with labels (n,); ``strength`` is its C.

    One that still runs after 500 rounds is as good as settled, and says nothing about it.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=strength, max_iter=500, class_weight=class_weight)
        return model.fit(x, y, sample_weight=sample_weight)


@torch.no_grad()
def linear_classifier(setup: Setup, weights: NDArray[np.floating], bias: NDArray[np.floating]) -> nn.Module:
    """The classifier `linear` with ``weights`` (K, d) and ``bias`` (K,)."""
    model = setup.space.classifier("linear", setup.task.classes, 0.0).to(setup.device).eval()
    layer = model.get_submodule("head.1")
    assert isinstance(layer, nn.Linear)
    layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weights, np.float32)))
    layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias, np.float32)))
    return model


def rows_of_classes(solved: Any, classes: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Weights (K, d) and bias (K,) of scikit-learn's linear model, which has one row for both of two classes.

    A class of which nothing was learned has logits that are never the largest.
    """
    weights, bias = solved.coef_, solved.intercept_
    if len(solved.classes_) == 2:
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    whole = np.zeros((classes, weights.shape[1])), np.full(classes, -1e4)
    whole[0][solved.classes_], whole[1][solved.classes_] = weights, bias
    return whole
