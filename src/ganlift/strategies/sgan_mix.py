"""`sgan-mix`: the joint loss of `sgan` with image mixes in place of a generator.

It shows what the generator itself adds: everything else of `sgan`, the K + 1 loss, the one forward, the optimiser, is
the same. Nothing is generated, so it is a rival that GAN arms must beat, and may be the winner. On features mixes lie
between the classes, where a complement generator's samples should be.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, Phases, Setup, strategy
from ganlift.strategies.sgan import JointOptions, mixed_phases


@strategy(
    "sgan-mix",
    kind="rival",
    summary="sgan's loss with image mixes for a generator.",
    source="control of sgan",
    options=JointOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={"lr": 1.4e-3, "weight_decay": 4.9e-3, "label_smoothing": 0.1, "weight": 0.17},
)
def phases(setup: Setup, options: JointOptions) -> Phases:
    """See `ganlift.strategies.sgan.mixed_phases`."""
    return (yield from mixed_phases(setup, options, setup.new_classifier(options.dropout)))
