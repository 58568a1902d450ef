"""Fréchet distance between two sets of features, each taken as a normal distribution.

Heusel et al. 2017, equation 6 (Dowson and Landau 1982), with means m, w and covariances C, D:

    d² = |m − w|² + tr(C + D − 2 (C D)^½)

With factors C = AᵀA and D = BᵀB, tr((C D)^½) is the sum of the singular values of A Bᵀ. A and B come from a QR
decomposition of the centred features: nothing is squared and no root of a nearly singular matrix is taken.

It is "FID" on Inception's features alone; on any other it is to be called by the network's name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

POINTS = 15
"""Sample sizes through which the line to infinitely many samples is drawn (Chong and Forsyth 2020)."""

WIDE = 2
"""The smallest of these sizes is at least this many times the features' width: below it the bias is no line in 1/N."""


@dataclass(frozen=True)
class Moments:
    """``mean`` (d,) and a factor ``root`` (r, d) of the covariance, rootᵀ root; float64."""

    mean: Tensor
    root: Tensor


def moments(features: Tensor) -> Moments:
    """Of ``features`` (n, d), n at least 2; the covariance divides by n − 1.

    Raises:
        ValueError: there are fewer than two, or one is not finite.
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"need features (n >= 2, d), not {tuple(features.shape)}")
    wide = features.double()
    if not torch.isfinite(wide).all():
        raise ValueError("features must be finite")
    mean = wide.mean(0)
    return Moments(mean, torch.linalg.qr(wide - mean, mode="r").R / (len(wide) - 1) ** 0.5)


def moments_of(mean: Tensor, covariance: Tensor) -> Moments:
    """Of a ``mean`` (d,) and a symmetric, positive semi-definite ``covariance`` (d, d), as published ones come."""
    values, vectors = torch.linalg.eigh(covariance.double())
    return Moments(mean.double(), values.clamp(min=0).sqrt()[:, None] * vectors.T)


def distance(one: Moments, other: Moments) -> float:
    """The squared distance d² above, never below 0."""
    apart = (one.mean - other.mean).square().sum() + one.root.square().sum() + other.root.square().sum()
    return max(float(apart - 2 * torch.linalg.svdvals(one.root @ other.root.T).sum()), 0.0)


def frechet(one: Tensor, other: Tensor) -> float:
    """The distance between features (n, d) and (m, d)."""
    return distance(moments(one), moments(other))


def frechet_at_infinity(one: Tensor, other: Tensor, rng: np.random.Generator) -> float | None:
    """What the distance would be of infinitely many samples on both sides; it may come out a little below 0.

    Chong and Forsyth 2020, section 3: the bias is proportional to 1/N, so a line through the distances of `POINTS`
    sizes N, fitted in 1/N, is read off at 0. There the real side keeps its size; here both are thinned out alike,
    because held-out images are few, and their bias is as large.

    Args:
        one, other: features (n, d) and (n, d).

    Returns:
        None where n is less than 2 × `WIDE` × d: too few to see the line.
    """
    n, width = min(len(one), len(other)), one.shape[1]
    if n < 2 * WIDE * width:
        return None
    sizes = np.linspace(max(n // 10, WIDE * width), n, POINTS).astype(int)
    found = [frechet(_some(one, int(size), rng), _some(other, int(size), rng)) for size in sizes]
    return float(np.polynomial.Polynomial.fit(1 / sizes, found, 1).convert().coef[0])


def _some(features: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    return features[torch.from_numpy(rng.permutation(len(features))[:count]).to(features.device)]
