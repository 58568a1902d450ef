"""Temperature scaling: one number that makes a classifier's confidence honest, and changes no decision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures that are looked at."""

_SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Temperature:
    """``value`` divides the logits; ``nll_before`` and ``nll_after`` are the images' mean likelihood in nats."""

    value: float
    nll_before: float
    nll_after: float


def fit_temperature(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> Temperature:
    """The temperature with the lowest negative log-likelihood of these images (Guo et al. 2017, section 4.2).

    1 where every image is right, or there is none: the likelihood then has no best temperature, but rises all the way
    to certainty.

    Args:
        probabilities: (n, K), softmax of the logits. A value that was rounded to zero counts as the
            smallest number of float32.
        labels: (n,) in 0..K-1, of images that the classifier was not trained on.
    """
    from scipy.optimize import minimize_scalar

    before = _nll(probabilities, labels)
    if (probabilities.argmax(1) == labels).all():
        return Temperature(1.0, before, before)
    found = minimize_scalar(
        lambda log: _nll(temper(probabilities, math.exp(log)), labels),
        bounds=(math.log(LOWEST), math.log(HIGHEST)),
        method="bounded",
    )
    if found.fun >= before:
        return Temperature(1.0, before, before)
    return Temperature(math.exp(float(found.x)), before, float(found.fun))


def temper(probabilities: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """What softmax gives for logits divided by ``temperature``, from its probabilities (n, K) at temperature 1."""
    if temperature == 1.0:
        return probabilities.astype(np.float64)
    from scipy.special import softmax

    # softmax forgets what is added to all logits, so the logarithms of its values do as well as the logits
    logits = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
    tempered: NDArray[np.float64] = softmax(logits / temperature, axis=1)
    return tempered


def _nll(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> float:
    if not len(labels):
        return math.nan
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(own, _SMALLEST)).mean())
