"""`distribution-calibration`: labelled vectors borrow the spread of the clusters that lie near them.

Yang et al. 2021 ("Free Lunch for Few-shot Learning", arXiv 2101.06395). The paper borrows from classes with many
labels; here k-means clusters of the unlabelled images stand for those, which need none. With x̃ = x^λ (Tukey's ladder,
eq. 2, where no feature is negative) and the k clusters nearest to it,

    μ' = (Σ μ_i + x̃) / (k + 1),    Σ' = Σ Σ_i / k + α,                                                       (eq. 6)

vectors are drawn from N(μ', Σ'), brought back by the inverse power, and a logistic regression learns them beside the
labelled ones, its strength chosen on validation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, strategy
from ganlift.strategies.linear_probe import LinearProbeOptions, best_of_strengths
from ganlift.strategies.solved import Floats, unlabelled_vectors, weak_vectors

AN_IMAGE = 10
"""Unlabelled images a cluster at least, on average: of fewer nothing is known of their spread."""


class CalibrationOptions(LinearProbeOptions):
    power: float = Field(0.5, gt=0, le=1, description="λ of Tukey's ladder")
    nearest: int = Field(2, ge=1, description="k: clusters that a labelled image borrows from")
    clusters: int = Field(4, ge=1, description="clusters a class")
    dispersion: float = Field(0.21, ge=0, description="α: added to every entry of a covariance")
    drawn: int = Field(100, ge=1, description="vectors drawn a class")


@dataclass(frozen=True)
class Clusters:
    """Means (m, d), and a root of each covariance: the cluster's n vectors less their mean, over √(n - 1), (n, d)."""

    means: Floats
    roots: list[Floats]


@strategy(
    "distribution-calibration",
    kind="rival",
    summary="Vectors drawn around labelled ones, their spread borrowed from near clusters of unlabelled ones.",
    source="Yang et al. 2021 (arXiv 2101.06395), eq. 2 and 6",
    options=CalibrationOptions,
    unlabelled="required",
    validates=True,
    spaces=VECTORS,
)
def phases(setup: Setup, options: CalibrationOptions) -> Phases:
    """Clusters, vectors drawn from each calibrated distribution, and a linear classifier."""
    x, y = weak_vectors(setup)
    u = unlabelled_vectors(setup)
    power = options.power if min(x.min(), u.min()) >= 0 else 1.0
    rng = np.random.default_rng(setup.rng.derive("drawn vectors"))
    count = max(1, min(options.clusters * setup.task.classes, len(u) // AN_IMAGE))
    near = clusters_of(u**power, count, setup.rng.derive("clusters"))
    drawn, wanted = [x], [y]
    for label in np.unique(y):
        members = x[y == label] ** power
        for place, vector in enumerate(members):
            share = len(range(place, options.drawn, len(members)))
            found = calibrated(vector, near, share, options.nearest, options.dispersion, rng)
            drawn.append(np.asarray(found.clip(0) ** (1 / power) if power < 1 else found, np.float32))
            wanted.append(np.full(share, label))
    solved, strength = best_of_strengths(setup, options, np.concatenate(drawn), np.concatenate(wanted))
    yield from ()
    return Outcome(solved, {"strength": strength, "clusters": count, "power": power}, architecture="linear")


def clusters_of(u: Floats, count: int, seed: int) -> Clusters:
    """``count`` clusters of ``u`` (n, d) by k-means."""
    from sklearn.cluster import KMeans

    of = KMeans(count, n_init=1, random_state=seed % 2**32).fit_predict(u)
    parts = [u[of == one] for one in range(count)]
    means = np.stack([part.mean(0) for part in parts])
    return Clusters(
        means, [(part - mean) / np.sqrt(max(len(part) - 1, 1)) for part, mean in zip(parts, means, strict=True)]
    )


def calibrated(
    x: Floats, near: Clusters, count: int, nearest: int, dispersion: float, rng: np.random.Generator
) -> Floats:
    """``count`` vectors (count, d) drawn from N(μ', Σ') of ``x`` (d,).

    Never with the matrix Σ', which is d × d: normal weights on a root of each covariance have the same law.
    """
    chosen = np.argsort(((near.means - x) ** 2).sum(1), kind="stable")[:nearest]
    centre = (near.means[chosen].sum(0) + x) / (len(chosen) + 1)
    spread = sum(rng.standard_normal((count, len(near.roots[one]))) @ near.roots[one] for one in chosen)
    alike = rng.standard_normal((count, 1))  # α in every entry: one draw for all features
    found = centre + spread / np.sqrt(len(chosen)) + np.sqrt(dispersion) * alike
    return np.asarray(found, np.float32)
