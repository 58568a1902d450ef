"""`nearest-mean`: the class whose mean is nearest (prototypes; Snell et al. 2017, eq. 2, on frozen features).

With means μ_k over the weak views of the labelled images, logits are -‖x - μ_k‖² / 2σ², which is linear in x up to what
all classes share; σ² is the mean squared distance to the own mean a dimension, as maximum likelihood has it.
"""

from __future__ import annotations

import numpy as np

from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, strategy
from ganlift.strategies.solved import SolvedOptions, linear_classifier, weak_vectors


@strategy(
    "nearest-mean",
    kind="baseline",
    summary="The class with the nearest mean of frozen features.",
    source="prototypes: Snell et al. 2017, eq. 2",
    options=SolvedOptions,
    spaces=VECTORS,
)
def phases(setup: Setup, options: SolvedOptions) -> Phases:
    """Means, and one variance."""
    x, y = weak_vectors(setup)
    means = np.stack([x[y == label].mean(0) for label in range(setup.task.classes)])
    variance = max(float(np.square(x - means[y]).mean()), 1e-6)
    yield from ()
    classifier = linear_classifier(setup, means / variance, -np.square(means).sum(1) / (2 * variance))
    return Outcome(classifier, {"variance": variance}, architecture="linear")
