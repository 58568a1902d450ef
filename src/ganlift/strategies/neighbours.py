"""`neighbours`: neighbours in the space of the vectors are to be of one class, labelled ones of their own.

CE(labelled) + w · the loss of `ganlift.strategies.neighbourhood` (SCAN's: Van Gansbeke et al. 2020, eq. 2) on
unlabelled examples. SCAN finds clusters without labels; with a few, the classifier knows from the first step which
class each is. That unlabelled examples near one another are of one class is the assumption of manifold regularisation
(Belkin et al. 2006) and of `label-spreading`.
"""

from __future__ import annotations

from ganlift.strategies.base import VECTORS, ClassifierOptions, Phases, Setup, strategy
from ganlift.strategies.neighbourhood import NeighbourOptions, neighbours
from ganlift.strategies.terms import semi_phases


class NeighboursOptions(NeighbourOptions, ClassifierOptions):
    """The classifier's options and those of the neighbours."""


@strategy(
    "neighbours",
    kind="rival",
    summary="Neighbours among the unlabelled are to be of one class, and classes as large as the labelled.",
    source="SCAN: Van Gansbeke et al. 2020, eq. 2, with labels",
    options=NeighboursOptions,
    unlabelled="required",
    spaces=VECTORS,
    vector_options={
        "lr": 1.4e-3,
        "weight_decay": 3e-5,
        "dropout": 0.4,
        "label_smoothing": 0.0,
        "policy": "rand",
        "neighbour_weight": 1.35,
        "evenness": 2.55,
    },
)
def phases(setup: Setup, options: NeighboursOptions) -> Phases:
    """One forward for labelled and unlabelled examples and their neighbours."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from semi_phases(setup, options, classifier, [neighbours(setup, options)]))
