"""What the other arms know about the spread of a difference: a variance shared between arms.

Few seeds estimate a variance badly. With A arms on the same S seeds, y[a, s] their scores, the residuals

    r[a, s] = y[a, s] - mean over seeds - mean over arms + grand mean

hold (A - 1)(S - 1) degrees of freedom. One arm less another takes S - 1 of them; the others, in contrasts orthogonal to
it, are an independent estimate s0² of the same variance wherever arms vary alike. The two are combined as Smyth (2004)
does, s̃² = (d0 s0² + d s²) / (d0 + d), with d0 prior degrees of freedom. His estimate of d0 takes thousands of
variances; from a handful of arms it claims too much wherever one arm varies more than the rest. Here d0 is at most
`MOST`, and falls with the square of s² / s0² where this difference varies more than the others do. Where it varies less
than `CHANCE` explains, arms do not vary alike (one that fails in some seeds may vary ten times as much as the rest, and
tells nothing of two that do not), and d0 falls in the same way. docs/statistics.md has the figures.

G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
experiments", Statistical Applications in Genetics and Molecular Biology 3 (2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

MOST = 4.0
"""Prior degrees of freedom, at most; never more than the seeds themselves give."""

CHANCE = 0.2
"""How often, where arms vary alike, a difference's own variance is so small that the prior counts for less."""


@dataclass(frozen=True)
class Prior:
    """What is known beforehand: a variance and the degrees of freedom that it is worth."""

    variance: float
    freedom: float

    def moderate(self, variance: float, freedom: float) -> float:
        """``variance``, estimated with ``freedom`` degrees of freedom, drawn towards this one."""
        return (self.freedom * self.variance + freedom * variance) / (self.freedom + freedom)


NOTHING_KNOWN = Prior(0.0, 0.0)


def prior(scores: NDArray[np.float64], a: int, b: int) -> Prior:
    """What all arms but the difference of ``a`` and ``b`` say about that difference's variance over seeds.

    Args:
        scores: (A, S), the measure of every arm in every seed, a fraction.
        a, b: two different rows.
    """
    arms, seeds = scores.shape
    if arms < 3 or seeds < 2:
        return NOTHING_KNOWN
    residuals = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    own = float((scores[a] - scores[b]).var(ddof=1))
    freedom = (arms - 2) * (seeds - 1)
    others = 2.0 * (float((residuals**2).sum()) - (seeds - 1) * own / 2.0) / freedom
    if others <= 1e-12:  # arms that agree in every seed to the image tell nothing
        return NOTHING_KNOWN
    lowest = 2.0 * float(special.gammaincinv((seeds - 1) / 2.0, CHANCE)) / (seeds - 1)  # of χ² over its freedom
    excess = max(1.0, own / others, lowest * others / max(own, 1e-12))
    return Prior(others, min(MOST, seeds - 1.0) / excess**2)
