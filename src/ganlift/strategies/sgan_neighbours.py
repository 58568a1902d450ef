"""`sgan-neighbours`: the joint GAN of `sgan` with what neighbours teach, as `neighbours` has it.

The K + 1 loss (Salimans et al. 2016) asks that an unlabelled example be of some class and a generated one of none,
SCAN's (Van Gansbeke et al. 2020, eq. 2) that its neighbours be of the same. What it gains over `neighbours`, the GAN
gains.
"""

from __future__ import annotations

from ganlift.strategies.base import VECTORS, Phases, Setup, strategy
from ganlift.strategies.neighbourhood import NeighbourOptions, neighbours
from ganlift.strategies.sgan import SganOptions, sgan_phases


class SganNeighboursOptions(NeighbourOptions, SganOptions):
    """The joint arm's options and those of the neighbours."""


@strategy(
    "sgan-neighbours",
    kind="gan",
    summary="sgan whose unlabelled neighbours are to be of one class.",
    source="Salimans et al. 2016 with Van Gansbeke et al. 2020",
    options=SganNeighboursOptions,
    unlabelled="required",
    spaces=VECTORS,
    vector_options={
        "lr": 1.1e-3,
        "weight_decay": 5e-5,
        "dropout": 0.2,
        "label_smoothing": 0.1,
        "policy": "rand",
        "weight": 0.26,
        "generator_lr": 3.2e-3,
        "neighbour_weight": 0.15,
        "evenness": 2.85,
    },
)
def phases(setup: Setup, options: SganNeighboursOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from sgan_phases(setup, options, classifier, [neighbours(setup, options)]))
