"""`kmeans-gan-features`: clusters of a discriminator's features (Radford et al. 2016, section 5, without its labels).

The first step of `gan-features`, on the classifier's budget, then k-means on the features (Lloyd 1982), whitened and of
length one.
"""

from __future__ import annotations

from dataclasses import replace

from ganlift.strategies.base import Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, alone, clustered
from ganlift.strategies.gan_features import GanPretrainOptions, gan_phase
from ganlift.strategies.sgan import joint_generator, new_generator


class KMeansGanFeaturesOptions(KMeansOptions, GanPretrainOptions):
    """Settings of both steps."""


@strategy(
    "kmeans-gan-features",
    kind="gan",
    summary="Without labels: k-means on a discriminator's features.",
    source="DCGAN: Radford et al. 2016, section 5; SS-GAN: Chen et al. 2019; k-means: Lloyd 1982",
    options=KMeansGanFeaturesOptions,
    unlabelled="required",
    labels=False,
    geometry=True,
)
def phases(setup: Setup, options: KMeansGanFeaturesOptions) -> Phases:
    """Two players, then k-means."""
    classifier, generator = setup.new_classifier(), new_generator(setup)
    phase = alone(setup, gan_phase(setup, options, classifier, generator))
    yield phase
    outcome = clustered(setup, phase, classifier, options.restarts)
    return replace(outcome, generator=joint_generator(setup, generator))
