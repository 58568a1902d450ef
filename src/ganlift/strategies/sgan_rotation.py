"""`sgan-rotation`: the joint GAN of `sgan` with the rotation task on unlabelled images.

The K + 1 loss (Salimans et al. 2016) and S4L's second task (Zhai et al. 2019, section 3.1) on the same features. SS-GAN
(Chen et al. 2019) found that the task keeps a discriminator from forgetting; here it is there for the classifier, and
generated images are not turned.
"""

from __future__ import annotations

from ganlift.strategies.base import Phases, Setup, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases
from ganlift.strategies.terms import TurnOptions, turns


class SganRotationOptions(TurnOptions, SganOptions):
    """The joint arm's options and those of the turns."""


@strategy(
    "sgan-rotation",
    kind="gan",
    summary="sgan with rotation of unlabelled images as a second task.",
    source="Salimans et al. 2016 with S4L: Zhai et al. 2019, section 3.1",
    options=SganRotationOptions,
    unlabelled="optional",
    geometry=True,
)
def phases(setup: Setup, options: SganRotationOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from sgan_phases(setup, options, classifier, [turns(setup, options, classifier)]))
