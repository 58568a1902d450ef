"""The paired difference between two arms: mean, interval and p over seeds and test images.

Seeds and test images are two crossed random effects. With d[s, i] in {-1, 0, 1} the arm's correctness less
the reference's, S seeds, N test images, and t(n) the critical value of Student's t with n degrees of freedom,

    reach² = t(S−1)² · s_a² · (1/S + ρ/(1−ρ))  +  t(N−1)² · σ_b² / N,    at least  t(N−1)² · s_b² / N

where s_a² is the variance over seeds of the per-seed means, s_b² the variance over images of the
seed-averaged differences, and σ_b² what of it is left without the noise from seed to seed (which s_a²
holds already). For macro recall each d[s, i] is weighted by N / (K n_k), n_k the test images of its class, so
that its mean is the difference of macro recalls. s_a² is drawn towards what the other arms show, and S - 1 grows by the
prior degrees of freedom (`moderation`). Each part keeps its own degrees of freedom (Howe, 1974); ρ is
the share of labelled images that two seeds have in common (Nadeau and Bengio, 2003). docs/statistics.md says why
this form and no other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ganlift.verdict.moderation import NOTHING_KNOWN, Prior

NEW_LABELS, SAME_POOL = 0.3, 0.7
"""Up to the first overlap the interval is about labels drawn anew; from the second on, where seeds hardly differ in
theirs, about the labelled pool as given. In between it goes from one to the other, so that no one image tips it."""

LEAST_P = 1e-12
"""Smaller p are not told apart."""


@dataclass(frozen=True)
class Parts:
    """What the spread of a mean difference is made of.

    Attributes:
        seeds: S, at least 2.
        seed_variance: s_a², moderated where other arms tell of it.
        image_variance: σ_b², which stays however many seeds there are; 0 where every seed has its own images.
        residual_variance: the noise of one image's difference from seed to seed.
        images: N, test images a seed (the harmonic mean where seeds differ).
        overlap: ρ, in [0, 1].
        prior_freedom: degrees of freedom of s_a² beside S - 1.
    """

    seeds: int
    seed_variance: float
    image_variance: float
    residual_variance: float
    images: float
    overlap: float = 0.0
    prior_freedom: float = 0.0

    @property
    def same_pool(self) -> bool:
        """Whether the interval is rather about the labelled pool as given than about new labels (see `SAME_POOL`)."""
        return self.overlap >= (NEW_LABELS + SAME_POOL) / 2

    def of_seeds(self, seeds: int) -> float:
        """The seed part of the variance of a mean over ``seeds``."""
        return self.seed_variance * (1.0 / seeds + self.correlated)

    @property
    def correlated(self) -> float:
        """What seeds have in common through their labels, as a share of their variance (Nadeau and Bengio 2003)."""
        if self.overlap >= SAME_POOL:
            return 0.0
        about_new = min(1.0, (SAME_POOL - self.overlap) / (SAME_POOL - NEW_LABELS))
        return about_new * self.overlap / (1.0 - self.overlap)

    def freedom(self, seeds: int | None = None) -> float:
        """Degrees of freedom of the seed part over ``seeds`` (default: those there are)."""
        return (seeds or self.seeds) - 1 + self.prior_freedom

    def of_images(self) -> float:
        """The image part of the variance of a mean."""
        return self.image_variance / self.images

    def least(self, seeds: int) -> float:
        """The variance over ``seeds`` were all of it due to images: what equal seeds cannot argue away."""
        return (self.image_variance + self.residual_variance / seeds) / self.images

    def reach(self, alpha: float, seeds: int | None = None) -> float:
        """Half the width of the interval that covers 1 - ``alpha``, over ``seeds`` (default: those there are)."""
        count = seeds or self.seeds
        over_images = critical(alpha, max(1.0, self.images - 1)) ** 2
        both = critical(alpha, self.freedom(count)) ** 2 * self.of_seeds(count) + over_images * self.of_images()
        return math.sqrt(max(both, over_images * self.least(count)))

    def p(self, gain: float) -> float:
        """The two-sided p of ``gain``: the alpha at which the interval just reaches zero."""

        def spare(log_alpha: float) -> float:
            return abs(gain) - self.reach(math.exp(log_alpha))

        if spare(math.log(LEAST_P)) >= 0:
            return LEAST_P
        return math.exp(optimize.brentq(spare, math.log(LEAST_P), 0.0, xtol=1e-9)) if gain else 1.0


@dataclass(frozen=True)
class Estimate:
    """A mean paired difference of the measure, a fraction. ``low``, ``high``, ``p``, ``parts``: None with one seed."""

    gain: float
    low: float | None
    high: float | None
    parts: Parts | None

    @cached_property
    def p(self) -> float | None:
        """Two-sided, that there is no difference."""
        return self.parts.p(self.gain) if self.parts else None


def estimate(
    differences: Sequence[NDArray[np.float64]],
    *,
    same_images: bool,
    weights: Sequence[NDArray[np.float64]] | None = None,
    overlap: float = 0.0,
    alpha: float = 0.05,
    known: Prior = NOTHING_KNOWN,
) -> Estimate:
    """Estimate from one array of differences a seed, each (N,) in {-1, 0, 1}; at least one seed.

    Args:
        same_images: whether position i is the same image in every seed.
        weights: one array a seed, each (N,) with mean 1; all 1 where None.
        overlap: share of labelled images that two seeds have in common, in [0, 1].
        alpha: one less the interval's coverage.
        known: what other arms tell about the variance over seeds.
    """
    added = [added_squares(one) for one in weights] if weights else None
    weighted = [one * weight for one, weight in zip(differences, weights, strict=True)] if weights else differences
    gain = math.fsum(float(one.mean()) for one in weighted) / len(weighted)
    if len(differences) < 2:
        return Estimate(gain, None, None, None)
    parts = variance_parts(weighted, same_images=same_images, overlap=overlap, added=added)
    moderated = known.moderate(parts.seed_variance, parts.seeds - 1)
    parts = replace(parts, seed_variance=moderated, prior_freedom=known.freedom)
    reach = parts.reach(alpha)
    return Estimate(gain, gain - reach, gain + reach, parts)


def added_squares(weights: NDArray[np.float64]) -> float:
    """What half a win and half a loss add to a sum of squares: the mean square of ``weights``, 1 where all are 1."""
    return float((weights**2).mean())


def variance_parts(
    differences: Sequence[NDArray[np.float64]],
    *,
    same_images: bool,
    overlap: float = 0.0,
    added: Sequence[float] | None = None,
) -> Parts:
    """The variance components of at least two seeds' differences, weighted where they are to be.

    Half a right-to-wrong and half a wrong-to-right image are added to the sums of squares over images
    (Agresti and Min, 2005), so that a set on which nothing differs does not make a certainty. ``added`` is
    what they add, by seed; 1 where None.
    """
    seeds = len(differences)
    added = added or [1.0] * seeds
    means = np.array([one.mean() for one in differences])
    seed_variance = float(means.var(ddof=1))
    if not same_images:
        pairs = zip(differences, added, strict=True)
        within = [(((one - one.mean()) ** 2).sum() + half) / (len(one) + 1) for one, half in pairs]
        images = seeds / sum(1.0 / len(one) for one in differences)
        return Parts(seeds, seed_variance, 0.0, float(np.mean(within)), images, overlap)
    table = np.stack(differences)
    images = table.shape[1]
    over_seeds = table.mean(axis=0)
    averaged = float(((over_seeds - over_seeds.mean()) ** 2).sum() + added[0]) / (images + 1)
    rest = table - over_seeds - means[:, None] + over_seeds.mean()
    residual = float((rest**2).sum()) / ((seeds - 1) * max(1, images - 1))
    image_variance = max(0.0, averaged - residual / seeds)
    return Parts(seeds, seed_variance, image_variance, (averaged - image_variance) * seeds, float(images), overlap)


def critical(alpha: float, freedom: float) -> float:
    """The two-sided critical value of Student's t."""
    return float(-special.stdtrit(freedom, alpha / 2.0))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down corrected p values, in the order given."""
    count = len(p)
    corrected, floor = [0.0] * count, 0.0
    for rank, place in enumerate(sorted(range(count), key=lambda index: p[index])):
        floor = max(floor, min(1.0, (count - rank) * p[place]))
        corrected[place] = floor
    return corrected
