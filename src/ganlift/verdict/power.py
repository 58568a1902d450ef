"""What so many seeds could have found, and how many would settle an estimate."""

from __future__ import annotations

import math

from scipy import special

from ganlift.verdict.difference import Parts, critical

MOST_SEEDS = 1000
"""A question that needs more seeds than this is not called settleable."""

POWER = 0.8


def smallest_detectable(parts: Parts, alpha: float) -> float:
    """The true gain that a test at ``alpha`` finds with 80 % power, at the seeds, images and spread of ``parts``."""
    error, freedom = parts.error()
    return float(special.nctdtrinc(freedom, 1.0 - POWER, critical(alpha, freedom))) * error


def seeds_to_settle(gain: float, parts: Parts, alpha: float) -> int | None:
    """The fewest seeds at which ``gain`` would be told from zero at ``alpha``, were the spread as estimated.

    None where more than `MOST_SEEDS` would be needed.
    """

    def settled(seeds: int) -> bool:
        error, freedom = parts.error(seeds)
        return abs(gain) > critical(alpha, freedom) * error

    low, high = 2, MOST_SEEDS
    if not settled(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if settled(middle) else (middle + 1, high)
    return low


def images_forbid(gain: float, parts: Parts, alpha: float) -> bool:
    """Whether no number of seeds on these test images alone would tell ``gain`` from zero."""
    error = math.sqrt(parts.image_variance / parts.images)
    return abs(gain) <= critical(alpha, parts.images) * error
