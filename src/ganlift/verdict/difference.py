"""The paired difference between two arms: mean, interval and p over seeds and test images.

A seed's difference and an image's difference are two crossed random effects. With d[s, i] in
{-1, 0, 1} the arm's correctness less the reference's, S seeds and N test images,

    seed part    s_a² · (1/S + ρ/(1 − ρ)),   s_a² the variance over seeds of the per-seed means
    image part   s_b² / N,                   s_b² the variance over images of the seed-averaged differences

are added, the degrees of freedom are Satterthwaite's (1946), and ρ is the share of labelled images
that two seeds have in common (Nadeau and Bengio, 2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

SAME_POOL = 0.5
"""From this overlap on, seeds hardly differ in their labels: their draw is taken as given, not as a sample."""


@dataclass(frozen=True)
class Parts:
    """What the variance of a mean difference is made of.

    Attributes:
        seeds: S, how many seeds were paired.
        seed_variance: s_a², variance over seeds of the per-seed mean difference (noise of images within).
        image_variance: variance over images that stays however many seeds there are; 0 where every seed has its own.
        residual_variance: variance of an image's difference from seed to seed.
        images: N, test images a seed.
        overlap: ρ, share of labelled images that two seeds have in common, in [0, 1].
    """

    seeds: int
    seed_variance: float
    image_variance: float
    residual_variance: float
    images: float
    overlap: float = 0.0

    @property
    def shared_pool(self) -> bool:
        """Whether the interval takes the labelled pool as given (see `SAME_POOL`)."""
        return self.overlap >= SAME_POOL

    def variance(self, seeds: int | None = None) -> tuple[float, float]:
        """Seed part and image part of the variance of the mean over ``seeds`` (default: those there are)."""
        count = self.seeds if seeds is None else seeds
        correlated = 0.0 if self.shared_pool else self.overlap / (1.0 - self.overlap)
        seed_part = self.seed_variance * (1.0 / count + correlated)
        return seed_part, (self.image_variance + self.residual_variance / count) / self.images

    def error(self, seeds: int | None = None) -> tuple[float, float]:
        """Standard error of the mean over ``seeds`` and its degrees of freedom."""
        count = self.seeds if seeds is None else seeds
        seed_part, image_part = self.variance(count)
        return float(np.sqrt(seed_part + image_part)), satterthwaite((seed_part, count - 1), (image_part, self.images))


@dataclass(frozen=True)
class Estimate:
    """A mean paired difference; fractions of accuracy. ``low``, ``high`` and ``p`` are None with one seed."""

    gain: float
    low: float | None
    high: float | None
    p: float | None
    parts: Parts | None


def estimate(
    differences: Sequence[NDArray[np.float64]], *, same_images: bool, overlap: float = 0.0, alpha: float = 0.05
) -> Estimate:
    """Estimate from one array of differences a seed, each (N,) in {-1, 0, 1}; at least one seed.

    Args:
        same_images: whether position i is the same image in every seed.
        overlap: see `Parts`.
        alpha: one less the interval's coverage.
    """
    means = np.array([one.mean() for one in differences])
    gain = float(means.mean())
    if len(means) < 2:
        return Estimate(gain, None, None, None, None)
    parts = variance_parts(differences, same_images=same_images, overlap=overlap)
    error, freedom = parts.error()
    reach = critical(alpha, freedom) * error
    return Estimate(gain, gain - reach, gain + reach, two_sided(gain / error, freedom), parts)


def variance_parts(differences: Sequence[NDArray[np.float64]], *, same_images: bool, overlap: float = 0.0) -> Parts:
    """The variance components of at least two seeds' differences.

    Half a right-to-wrong and half a wrong-to-right image are added to the sums of squares over images
    (Agresti and Min, 2005), so that a set on which nothing differs does not make a certainty.
    """
    seeds = len(differences)
    means = np.array([one.mean() for one in differences])
    seed_variance = float(means.var(ddof=1))
    if not same_images:
        within = [(((one - one.mean()) ** 2).sum() + 1.0) / (len(one) + 1) for one in differences]
        images = seeds / sum(1.0 / len(one) for one in differences)
        return Parts(seeds, seed_variance, 0.0, float(np.mean(within)), images, overlap)
    table = np.stack(differences)
    images = table.shape[1]
    over_seeds = table.mean(axis=0)
    averaged = (((over_seeds - over_seeds.mean()) ** 2).sum() + 1.0) / (images + 1)
    rest = table - over_seeds - means[:, None] + over_seeds.mean()
    residual = (rest**2).sum() / ((seeds - 1) * max(1, images - 1))
    residual = min(float(residual), seeds * float(averaged))
    return Parts(seeds, seed_variance, max(0.0, float(averaged) - residual / seeds), residual, float(images), overlap)


def satterthwaite(*terms: tuple[float, float]) -> float:
    """Degrees of freedom of a sum of independent (variance, degrees of freedom) terms; one sum is positive."""
    total = sum(variance for variance, _ in terms)
    return float(total**2 / sum(variance**2 / freedom for variance, freedom in terms if variance > 0))


def critical(alpha: float, freedom: float) -> float:
    """The two-sided critical value of Student's t."""
    return float(special.stdtrit(freedom, 1.0 - alpha / 2.0))


def two_sided(t: float, freedom: float) -> float:
    """The two-sided p of Student's t."""
    return float(2.0 * special.stdtr(freedom, -abs(t)))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down corrected p values, in the order given."""
    count = len(p)
    corrected, floor = [0.0] * count, 0.0
    for rank, place in enumerate(sorted(range(count), key=lambda index: p[index])):
        floor = max(floor, min(1.0, (count - rank) * p[place]))
        corrected[place] = floor
    return corrected
