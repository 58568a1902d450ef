"""`fixmatch`: confident guesses on weakly augmented images teach the strongly augmented ones.

Sohn et al. 2020, eq. 3 and 4: L = CE(labelled) + λ_u · mean 1[max q ≥ τ] · CE(argmax q, p(strong)), with
q the prediction on the weak view, without gradient. On short runs τ 0.7–0.8 instead of 0.95: a thousand
steps never reach the confidence that a million do. One unlabelled image a labelled one (μ = 1, ``unlabelled_ratio``),
so that arms have equal batches; the paper has 7.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, ClassifierOptions, Phases, Setup, strategy
from ganlift.strategies.terms import GuessOptions, guesses, semi_phases


class FixMatchOptions(GuessOptions, ClassifierOptions):
    """The classifier's options and those of the guesses."""


@strategy(
    "fixmatch",
    kind="rival",
    summary="Confident guesses on weak views teach the strong views.",
    source="FixMatch: Sohn et al. 2020, eq. 3 and 4",
    options=FixMatchOptions,
    unlabelled="required",
    spaces=BOTH,
    vector_options={"lr": 2e-3, "weight_decay": 2.3e-5, "dropout": 0.4, "threshold": 0.89, "consistency_weight": 0.54},
)
def phases(setup: Setup, options: FixMatchOptions) -> Phases:
    """One forward for labelled, weak and strong views."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from semi_phases(setup, options, classifier, [guesses(setup, options)], options.unlabelled_ratio))
