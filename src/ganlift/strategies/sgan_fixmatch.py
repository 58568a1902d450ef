"""`sgan-fixmatch`: the joint GAN of `sgan` with the guesses of `fixmatch`.

The K + 1 loss (Salimans et al. 2016) shapes the features on all images; confident guesses (Sohn et al.
2020, eq. 4) carry the labels outward. One forward for labelled, weak, strong and generated images.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, Phases, Setup, shipped, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases
from ganlift.strategies.terms import GuessOptions, guesses


@shipped(generator_lr=9e-4, threshold=0.91)
class SganFixMatchOptions(GuessOptions, SganOptions):
    """The joint arm's options and those of the guesses."""


@strategy(
    "sgan-fixmatch",
    kind="gan",
    summary="sgan and FixMatch's guesses in one model.",
    source="Salimans et al. 2016 with Sohn et al. 2020, eq. 4",
    options=SganFixMatchOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: SganFixMatchOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from sgan_phases(setup, options, classifier, [guesses(setup, options)], options.unlabelled_ratio))
