"""`kmeans-simsiam`: clusters of features of which two views predict one another (Chen and He 2021).

The first step of `simsiam`, on the classifier's budget, then k-means on the features (Lloyd 1982), whitened and of
length one. A rival of the GAN arms without labels.
"""

from __future__ import annotations

from ganlift.strategies.base import Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, alone, clustered
from ganlift.strategies.simsiam import SimSiamPretrainOptions, simsiam_phase


class KMeansSimSiamOptions(KMeansOptions, SimSiamPretrainOptions):
    """Settings of both steps."""


@strategy(
    "kmeans-simsiam",
    kind="rival",
    summary="Without labels: k-means on features of which two views predict one another.",
    source="SimSiam: Chen and He 2021, eq. 1 and 4; k-means: Lloyd 1982",
    options=KMeansSimSiamOptions,
    unlabelled="required",
    labels=False,
    geometry=True,
)
def phases(setup: Setup, options: KMeansSimSiamOptions) -> Phases:
    """Views, then k-means."""
    classifier = setup.new_classifier()
    phase = alone(setup, simsiam_phase(setup, options, classifier))
    yield phase
    return clustered(setup, phase, classifier, options.restarts)
