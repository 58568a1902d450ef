"""Kernel distance between two sets of features: the squared maximum mean discrepancy with a cubic kernel.

Bińkowski et al. 2018, section 4 (unbiased estimator: Gretton et al. 2012, equation 3):

    k(x, y) = (x·y / d + 1)³
    d² = Σ_{i≠j} k(x_i, x_j) / m(m−1) + Σ_{i≠j} k(y_i, y_j) / n(n−1) − 2 Σ k(x_i, y_j) / mn

It is unbiased, so that it may come out below 0 where the two sets are alike, and can be compared across sample sizes.
"KID" is this on Inception's features alone.
"""

from __future__ import annotations

from torch import Tensor


def kernel_distance(one: Tensor, other: Tensor) -> float:
    """The unbiased estimate of d² from all of ``one`` (m, d) and ``other`` (n, d), both at least 2 long.

    Raises:
        ValueError: there are fewer.
    """
    if min(len(one), len(other)) < 2:
        raise ValueError(f"need at least 2 features on each side, not {len(one)} and {len(other)}")
    one, other = one.double(), other.double()
    return float(_among(one) + _among(other) - 2 * _cubic(one, other).mean())


def _cubic(one: Tensor, other: Tensor) -> Tensor:
    base = one @ other.T / one.shape[1] + 1
    return base * base * base


def _among(points: Tensor) -> Tensor:
    """Mean of the kernel over all pairs of two different points."""
    kernel = _cubic(points, points)
    return (kernel.sum() - kernel.diagonal().sum()) / (len(points) * (len(points) - 1))
