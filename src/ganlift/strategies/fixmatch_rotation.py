"""`fixmatch-rotation`: FixMatch's guesses and the rotation task on the same unlabelled images.

Sohn et al. 2020, eq. 4, beside S4L's second task (Zhai et al. 2019, section 3.1), as ReMixMatch (Berthelot et al.
2020) has it too: what a classifier can get from unlabelled images without a GAN.
"""

from __future__ import annotations

from ganlift.strategies.base import ClassifierOptions, Phases, Setup, strategy
from ganlift.strategies.terms import GuessOptions, TurnOptions, guesses, semi_phases, turns


class FixMatchRotationOptions(GuessOptions, TurnOptions, ClassifierOptions):
    """The classifier's options, those of the guesses and those of the turns."""


@strategy(
    "fixmatch-rotation",
    kind="rival",
    summary="FixMatch with rotation of unlabelled images as a second task.",
    source="Sohn et al. 2020, eq. 4, with S4L: Zhai et al. 2019, section 3.1",
    options=FixMatchRotationOptions,
    unlabelled="required",
    geometry=True,
)
def phases(setup: Setup, options: FixMatchRotationOptions) -> Phases:
    """One forward for labelled, weak, strong and turned views."""
    classifier = setup.new_classifier(options.dropout)
    terms = [guesses(setup, options), turns(setup, options, classifier)]
    return (yield from semi_phases(setup, options, classifier, terms, options.unlabelled_ratio))
