"""How well a score tells training examples from others: the ROC curve of a membership inference attack.

An attack scores every example, higher where it takes it for one of training. With members i = 1..m and others
j = 1..n, whose weights w give the others the members' classes in the same shares:

    A = mean over i of a_i,   a_i = Σ_j w_j (1[s_i > s_j] + ½ 1[s_i = s_j]) / Σ_j w_j       area under the curve
    b_j = mean over i of (1[s_i > s_j] + ½ 1[s_i = s_j])
    V = Σ_i (a_i − A)² / (m (m − 1)) + n / (n − 1) · Σ_j w_j² (b_j − A)² / (Σ_j w_j)²

V is DeLong, DeLong and Clarke-Pearson's variance (1988), with weights; the interval is ±1.96 √V around A on the scale
of log(A / (1 − A)), so that it stays between 0 and 1. Where the sides are wholly apart V is 0, and where they nearly
are it is too small: so the lower end is never above that of Clopper and Pearson's interval of min(m, n) pairs that were
all told right, nor the upper end below that of as many told wrong. Chance gives A = 0.5.

An area hides what happens to the few examples that are told surely, so the share of members found at a small rate of
false alarms goes with it (Carlini et al. 2022): see `RATES`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

RATES = (0.1, 0.01)
"""Shares of others that may be taken for members."""

FEW = 5
"""Others among the false alarms that a share of members found needs to say anything."""

Z = 1.959964
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Separation:
    """What an attack reaches.

    Attributes:
        members, others: how many of each were scored.
        auc, low, high: area under the ROC curve with its 95 % interval; 0.5 is chance.
        found: share of members found at each of `RATES` (keys "0.1" and "0.01"); None where the others are fewer than
            `FEW` over the rate. Chance gives the rate itself.
    """

    members: int
    others: int
    auc: float
    low: float
    high: float
    found: dict[str, float | None]

    @property
    def tells(self) -> bool:
        """Whether the attack surely does better than chance."""
        return self.low > 0.5


def separation(members: Floats, others: Floats, weights: Floats | None = None) -> Separation:
    """The figures of one attack.

    Args:
        members, others: scores (m,) and (n,), higher for what is taken for a member; at least two of each, finite.
        weights: (n,) of the others, above 0; all 1 where None.

    Raises:
        ValueError: there are fewer than two of a side.
    """
    m, n = len(members), len(others)
    if min(m, n) < 2:
        raise ValueError(f"{m} members and {n} others: both need two or more")
    weights = np.ones(n) if weights is None else weights
    shares = weights / weights.sum()
    above = _above(members, others)
    of_members, of_others = above @ shares, above.mean(0)
    area = float(np.clip(of_members.mean(), 0, 1))
    variance = of_members.var(ddof=1) / m + n / (n - 1) * float(shares**2 @ (of_others - area) ** 2)
    low, high = _interval(area, float(variance), min(m, n))
    found = {f"{rate:g}": _found(members, others, shares, rate) for rate in RATES}
    return Separation(m, n, area, low, high, found)


def class_weights(members: NDArray[np.int64], others: NDArray[np.int64]) -> Floats:
    """Weights (n,) that give the others, of these classes, the classes of the members in the same shares; mean 1.

    Both sides must have the same classes.
    """
    size = 1 + max(int(members.max()), int(others.max()))
    own, theirs = np.bincount(members, minlength=size), np.bincount(others, minlength=size)
    weights: Floats = own[others] / theirs[others] * len(others) / len(members)
    return weights


def _above(members: Floats, others: Floats) -> Floats:
    """(m, n): 1 where the member has the higher score, ½ where both have the same."""
    left, right = members[:, None], others[None]
    above: Floats = (left > right) + 0.5 * (left == right)
    return above


def _interval(area: float, variance: float, pairs: int) -> tuple[float, float]:
    edge = 0.025 ** (1 / pairs)
    if area in (0.0, 1.0):
        return (edge, 1.0) if area else (0.0, 1 - edge)
    middle, half = logit(area), Z * np.sqrt(variance) / (area * (1 - area))
    return min(float(expit(middle - half)), edge), max(float(expit(middle + half)), 1 - edge)


def _found(members: Floats, others: Floats, shares: Floats, rate: float) -> float | None:
    """Share of members above the lowest of the others' scores that at most ``rate`` of the others are above."""
    if rate / float(shares @ shares) < FEW - 1e-9:
        return None
    order = np.argsort(others, kind="stable")
    values, starts = np.unique(others[order], return_index=True)
    beyond = 1 - np.cumsum(np.add.reduceat(shares[order], starts))
    threshold = values[np.argmax(beyond <= rate + 1e-9)]
    return float((members > threshold).mean())
