"""`sgan-fixmatch-rotation`: the joint GAN of `sgan` with FixMatch's guesses and the rotation task.

Everything that unlabelled images can teach here, in one model and one forward: the K + 1 loss (Salimans et al. 2016),
guesses (Sohn et al. 2020, eq. 4) and turns (Zhai et al. 2019, section 3.1). Its rival is `fixmatch-rotation`, which is
the same without the generator.
"""

from __future__ import annotations

from ganlift.strategies.base import Phases, Setup, shipped, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases
from ganlift.strategies.terms import GuessOptions, TurnOptions, guesses, turns


@shipped(generator_lr=9e-4, threshold=0.91)
class SganFixMatchRotationOptions(GuessOptions, TurnOptions, SganOptions):
    """The joint arm's options, those of the guesses and those of the turns."""


@strategy(
    "sgan-fixmatch-rotation",
    kind="gan",
    summary="sgan, FixMatch's guesses and rotation in one model.",
    source="Salimans et al. 2016 with Sohn et al. 2020, eq. 4, and Zhai et al. 2019, section 3.1",
    options=SganFixMatchRotationOptions,
    unlabelled="optional",
    geometry=True,
)
def phases(setup: Setup, options: SganFixMatchRotationOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`."""
    classifier = setup.new_classifier(options.dropout)
    terms = [guesses(setup, options), turns(setup, options, classifier)]
    return (yield from sgan_phases(setup, options, classifier, terms, options.unlabelled_ratio))
