"""What so many seeds could have found, and how many would find a gain worth having."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ganlift.verdict.difference import Parts, critical

MOST_SEEDS = 1000
"""More seeds than this are not proposed."""

POWER = 0.8

_QUANTILES = (np.arange(200) + 0.5) / 200


def power(gain: float, parts: Parts, alpha: float, seeds: int | None = None) -> float:
    """The chance that a true ``gain`` is told from zero at ``alpha``, were the spread as in ``parts``.

    ``seeds`` is how many there are, where that is another number than in ``parts``.
    """
    return _found(gain, _reaches(parts, alpha, seeds or parts.seeds), _spread(parts, seeds or parts.seeds))


def smallest_detectable(parts: Parts, alpha: float) -> float | None:
    """The true gain that is found with 80 % power, as a fraction of accuracy; None where it is beyond 100 points."""
    reaches, spread = _reaches(parts, alpha, parts.seeds), _spread(parts, parts.seeds)
    if _found(1.0, reaches, spread) < POWER:
        return None
    return float(optimize.brentq(lambda gain: _found(gain, reaches, spread) - POWER, 0.0, 1.0, xtol=1e-5))


def seeds_to_find(gain: float, parts: Parts, alpha: float) -> int | None:
    """The fewest seeds that tell a true ``gain`` from zero at ``alpha`` with 80 % power, the spread as in ``parts``.

    None where more than `MOST_SEEDS` would be needed.
    """
    low, high = 2, MOST_SEEDS
    if power(gain, parts, alpha, high) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(gain, parts, alpha, middle) >= POWER else (middle + 1, high)
    return low


def images_forbid(gain: float, parts: Parts, alpha: float) -> bool:
    """Whether no number of seeds on these test images would tell a true ``gain`` from zero with 80 % power."""
    z = -special.ndtri(1.0 - POWER)
    return bool(abs(gain) <= (critical(alpha, max(1.0, parts.images - 1)) + z) * math.sqrt(parts.of_images()))


def _spread(parts: Parts, seeds: int) -> float:
    return math.sqrt(parts.of_seeds(seeds) + parts.of_images())


def _reaches(parts: Parts, alpha: float, seeds: int) -> NDArray[np.float64]:
    """The interval's half-width at equally likely values of the estimated seed variance, (200,)."""
    freedom = parts.freedom(seeds)
    estimated = 2.0 * special.gammaincinv(freedom / 2.0, _QUANTILES) / freedom * parts.of_seeds(seeds)
    over_images = critical(alpha, max(1.0, parts.images - 1)) ** 2
    both = critical(alpha, freedom) ** 2 * estimated + over_images * parts.of_images()
    return np.asarray(np.sqrt(np.maximum(both, over_images * parts.least(seeds))))


def _found(gain: float, reaches: NDArray[np.float64], spread: float) -> float:
    """The chance that a mean around ``gain`` is further from zero than its half-width, which is independent of it."""
    if spread == 0.0:
        return float((abs(gain) > reaches).mean())
    return float((special.ndtr((gain - reaches) / spread) + special.ndtr((-gain - reaches) / spread)).mean())
