"""What so many seeds could have found, and how many would settle an estimate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ganlift.verdict.difference import Parts, critical

MOST_SEEDS = 1000
"""A question that needs more seeds than this is not called settleable."""

POWER = 0.8

_QUANTILES = (np.arange(200) + 0.5) / 200


def power(gain: float, parts: Parts, alpha: float) -> float:
    """The chance that a true ``gain`` is told from zero at ``alpha``, were the spread as in ``parts``."""
    return _found(gain, _reaches(parts, alpha), math.sqrt(parts.of_seeds(parts.seeds) + parts.of_images()))


def smallest_detectable(parts: Parts, alpha: float) -> float | None:
    """The true gain that is found with 80 % power, as a fraction of accuracy; None where it is beyond 100 points."""
    reaches = _reaches(parts, alpha)
    spread = math.sqrt(parts.of_seeds(parts.seeds) + parts.of_images())
    if _found(1.0, reaches, spread) < POWER:
        return None
    return float(optimize.brentq(lambda gain: _found(gain, reaches, spread) - POWER, 0.0, 1.0, xtol=1e-5))


def _reaches(parts: Parts, alpha: float) -> NDArray[np.float64]:
    """The interval's half-width at equally likely values of the estimated seed variance, (200,)."""
    freedom = parts.seeds - 1
    estimated = 2.0 * special.gammaincinv(freedom / 2.0, _QUANTILES) / freedom * parts.of_seeds(parts.seeds)
    over_images = critical(alpha, max(1.0, parts.images - 1)) ** 2
    both = critical(alpha, freedom) ** 2 * estimated + over_images * parts.of_images()
    return np.asarray(np.sqrt(np.maximum(both, over_images * parts.least(parts.seeds))))


def _found(gain: float, reaches: NDArray[np.float64], spread: float) -> float:
    """The chance that a mean around ``gain`` is further from zero than its half-width, which is independent of it."""
    if spread == 0.0:
        return float((abs(gain) > reaches).mean())
    return float((special.ndtr((gain - reaches) / spread) + special.ndtr((-gain - reaches) / spread)).mean())


def seeds_to_settle(gain: float, parts: Parts, alpha: float) -> int | None:
    """The fewest seeds at which ``gain`` would be told from zero at ``alpha``, were it and the spread as estimated.

    None where more than `MOST_SEEDS` would be needed.
    """
    low, high = 2, MOST_SEEDS
    if abs(gain) <= parts.reach(alpha, high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if abs(gain) > parts.reach(alpha, middle) else (middle + 1, high)
    return low


def images_forbid(gain: float, parts: Parts, alpha: float) -> bool:
    """Whether no number of seeds on these test images would tell ``gain`` from zero."""
    return abs(gain) <= critical(alpha, max(1.0, parts.images - 1)) * math.sqrt(parts.of_images())
