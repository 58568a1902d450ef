"""`gda`: a Gaussian a class with one covariance (linear discriminant analysis), which unlabelled images take part in.

As Wang et al. 2024 ("A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation", arXiv 2402.04087), section 3:
with means μ_k and covariance Σ, shrunk towards a multiple of the identity (oracle approximating shrinkage, Chen et
al. 2010), logits are μ_kᵀ Σ⁻¹ x - μ_kᵀ Σ⁻¹ μ_k / 2. Unlabelled images join by expectation and maximisation: each
counts towards the class that it is thought to be of, and towards Σ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, strategy
from ganlift.strategies.solved import Floats, SolvedOptions, linear_classifier, unlabelled_vectors, weak_vectors


class GdaOptions(SolvedOptions):
    rounds: int = Field(3, ge=0, description="of expectation and maximisation over the unlabelled images")
    unlabelled_weight: float = Field(
        0.5, ge=0, le=1, description="what an unlabelled image counts beside a labelled one"
    )


@strategy(
    "gda",
    kind="rival",
    summary="Gaussians with one shrunk covariance, which unlabelled images take part in.",
    source="Wang et al. 2024 (arXiv 2402.04087), section 3",
    options=GdaOptions,
    unlabelled="optional",
    spaces=VECTORS,
)
def phases(setup: Setup, options: GdaOptions) -> Phases:
    """Means and covariance of the labelled images, then rounds with the others."""
    x, y = weak_vectors(setup)
    u = unlabelled_vectors(setup) if len(setup.task.unlabelled) else x[:0]
    known = np.eye(setup.task.classes)[y]
    weights, bias = discriminant(x, known, np.ones(len(x)))
    for _ in range(options.rounds if len(u) else 0):
        guessed = np.eye(setup.task.classes)[(u @ weights.T + bias).argmax(1)]
        counts = np.concatenate([np.ones(len(x)), np.full(len(u), options.unlabelled_weight)])
        weights, bias = discriminant(np.concatenate([x, u]), np.concatenate([known, guessed]), counts)
    yield from ()
    return Outcome(linear_classifier(setup, weights, bias), architecture="linear")


def discriminant(
    x: Floats, odds: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (K, d) and bias (K,) from vectors (n, d), their classes (n, K) and what each counts (n,)."""
    from sklearn.covariance import oas

    share = odds * counts[:, None]
    means = share.T @ x / share.sum(0)[:, None]
    residuals = (x - means[odds.argmax(1)]) * np.sqrt(counts / counts.mean())[:, None]
    covariance, _ = oas(residuals, assume_centered=True)
    if not covariance.any():  # one vector a class says nothing of a spread: the nearest mean to begin with
        covariance = np.eye(x.shape[1])
    weights = np.linalg.solve(covariance, means.T).T
    return weights, -0.5 * (weights * means).sum(1)
