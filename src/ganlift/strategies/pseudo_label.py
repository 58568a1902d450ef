"""`pseudo-label`: the class that the classifier finds most probable is taken for the label.

Lee 2013, eq. 15 and 16: L = CE(labelled) + α(t) · CE(argmax p(u), p(u)), with α nought at first, then growing
linearly to its full weight. The paper's 100 and 600 epochs are shares of the steps here. A threshold on the confidence,
0 in the paper, is an option.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from ganlift.losses import consistency
from ganlift.strategies.base import BOTH, ClassifierOptions, Phases, Setup, choices, search, shipped, strategy
from ganlift.strategies.terms import Moment, Term, semi_phases


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand")
class PseudoLabelOptions(ClassifierOptions):
    pseudo_weight: float = Field(
        0.24, ge=0, description="α at its full height", json_schema_extra=search(0.1, 3.0, log=True)
    )
    pseudo_threshold: float = Field(
        0.8, ge=0, le=1, description="confidence from which a label is taken", json_schema_extra=choices(0.0, 0.8)
    )
    ramp_from: float = Field(0.1, ge=0, le=1, description="share of the steps before α sets in")
    ramp_to: float = Field(0.6, ge=0, le=1, description="share of the steps at which α is at its height")


def height(progress: float, start: float, end: float) -> float:
    """α's share of its height: 0 up to ``start``, 1 from ``end`` on, linear between (eq. 16)."""
    if progress < start:
        return 0.0
    return 1.0 if progress >= end else (progress - start) / (end - start)


@strategy(
    "pseudo-label",
    kind="rival",
    summary="Its own most probable class is the label of an unlabelled image.",
    source="Pseudo-Label: Lee 2013, eq. 15 and 16",
    options=PseudoLabelOptions,
    unlabelled="required",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: PseudoLabelOptions) -> Phases:
    """One forward for labelled and unlabelled images."""
    classifier = setup.new_classifier(options.dropout)

    def loss(moment: Moment) -> Tensor:
        logits = moment.out.logits["unlabelled"]
        share = height(moment.progress, options.ramp_from, options.ramp_to)
        return share * consistency(logits, logits, options.pseudo_threshold)

    return (yield from semi_phases(setup, options, classifier, [Term("pseudo_loss", options.pseudo_weight, loss)]))
