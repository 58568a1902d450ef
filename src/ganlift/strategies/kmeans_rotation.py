"""`kmeans-rotation`: clusters of features that tell which way up an image is (Gidaris et al. 2018).

The first step of `rotation-features`, on the classifier's budget, then k-means on the features (Lloyd 1982), whitened
and of length one. The rival of the GAN arms without labels: the same images, steps and network.
"""

from __future__ import annotations

from ganlift.strategies.base import Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, alone, clustered
from ganlift.strategies.pretraining import PretrainOptions
from ganlift.strategies.rotation_features import rotation_phase


class KMeansRotationOptions(KMeansOptions, PretrainOptions):
    """Settings of both steps."""


@strategy(
    "kmeans-rotation",
    kind="rival",
    summary="Without labels: k-means on features from telling four rotations apart.",
    source="RotNet: Gidaris et al. 2018, eq. 2 and 3; k-means: Lloyd 1982",
    options=KMeansRotationOptions,
    unlabelled="required",
    labels=False,
    geometry=True,
)
def phases(setup: Setup, options: KMeansRotationOptions) -> Phases:
    """Rotations, then k-means."""
    classifier = setup.new_classifier()
    phase = alone(setup, rotation_phase(setup, options, classifier))
    yield phase
    return clustered(setup, phase, classifier, options.restarts)
