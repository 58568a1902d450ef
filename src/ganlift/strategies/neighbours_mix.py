"""`neighbours-mix`: `sgan-neighbours` with mixes in place of the generator.

`sgan-neighbours` but for the generator: the K + 1 loss, what neighbours teach and the one forward are the same, and
nothing is generated, so it is a rival. What this arm gains over `neighbours`, a regulariser gains; what
`sgan-neighbours` gains beyond it, the generator gains.
"""

from __future__ import annotations

from ganlift.strategies.base import VECTORS, Phases, Setup, strategy
from ganlift.strategies.neighbourhood import NeighbourOptions, neighbours
from ganlift.strategies.sgan import JointOptions, mixed_phases


class NeighboursMixOptions(NeighbourOptions, JointOptions):
    """What `sgan-neighbours` has, less the generator's."""


@strategy(
    "neighbours-mix",
    kind="rival",
    summary="sgan-neighbours with mixes for a generator.",
    source="control of sgan-neighbours",
    options=NeighboursMixOptions,
    unlabelled="required",
    spaces=VECTORS,
    vector_options={
        "lr": 2.1e-3,
        "weight_decay": 8.4e-2,
        "dropout": 0.4,
        "label_smoothing": 0.1,
        "policy": "trivial",
        "weight": 0.68,
        "neighbour_weight": 0.14,
        "evenness": 3.6,
    },
)
def phases(setup: Setup, options: NeighboursMixOptions) -> Phases:
    """See `ganlift.strategies.sgan.mixed_phases`."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from mixed_phases(setup, options, classifier, [neighbours(setup, options)]))
