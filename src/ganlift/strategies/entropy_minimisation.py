"""`entropy-minimisation`: the classifier is to be sure of unlabelled images, whatever it is sure of.

Grandvalet and Bengio 2005, eq. 6: L = CE(labelled) + λ · mean H(p(u)), H the entropy of the predicted classes. The
weight grows linearly over the first steps, since a classifier that has learned nothing is sure of nonsense.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, ClassifierOptions, Phases, Setup, shipped, strategy
from ganlift.strategies.terms import EntropyOptions, entropy, semi_phases


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand")  # what pseudo-label has
class EntropyMinimisationOptions(EntropyOptions, ClassifierOptions):
    """The classifier's options and those of the entropy."""


@strategy(
    "entropy-minimisation",
    kind="rival",
    summary="The classifier is to be sure of unlabelled images.",
    source="Grandvalet and Bengio 2005, eq. 6",
    options=EntropyMinimisationOptions,
    unlabelled="required",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: EntropyMinimisationOptions) -> Phases:
    """One forward for labelled and unlabelled images."""
    return (yield from semi_phases(setup, options, setup.new_classifier(options.dropout), [entropy(options)]))
