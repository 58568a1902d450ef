"""`fixmatch-mix`: `sgan-fixmatch` with image mixes in place of the generator.

`sgan-fixmatch` but for the generator: the K + 1 loss, the guesses and the one forward are the same, and nothing is
generated, so it is a rival. What this arm gains over `fixmatch`, a regulariser gains; what `sgan-fixmatch` gains beyond
it, the generator gains.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, Phases, Setup, shipped, strategy
from ganlift.strategies.sgan import JointOptions, mixed_phases
from ganlift.strategies.terms import GuessOptions, guesses


@shipped(threshold=0.91)
class FixMatchMixOptions(GuessOptions, JointOptions):
    """What `sgan-fixmatch` has, less the generator's."""


@strategy(
    "fixmatch-mix",
    kind="rival",
    summary="sgan-fixmatch with image mixes for a generator.",
    source="control of sgan-fixmatch",
    options=FixMatchMixOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: FixMatchMixOptions) -> Phases:
    """See `ganlift.strategies.sgan.mixed_phases`."""
    classifier = setup.new_classifier(options.dropout)
    return (yield from mixed_phases(setup, options, classifier, [guesses(setup, options)], options.unlabelled_ratio))
