"""`oversample`: every class as often in a batch as any other.

Random oversampling (He and Garcia 2009): an epoch has as many images of each class as the largest class has, those of
a smaller one repeated, and each augmented anew. It is `augment` with ``balance`` on, which all arms have where macro
recall judges; where all classes have as many images it is `augment`.
"""

from __future__ import annotations

from ganlift.strategies.augment import ON_VECTORS, AugmentOptions
from ganlift.strategies.augment import phases as augment_phases
from ganlift.strategies.base import BOTH, Phases, Setup, shipped, strategy


@shipped(balance="on")
class OversampleOptions(AugmentOptions):
    """The baseline's options."""


@strategy(
    "oversample",
    kind="rival",
    summary="Rare classes drawn as often as common ones.",
    source="random oversampling: He and Garcia 2009",
    options=OversampleOptions,
    spaces=BOTH,
    vector_options=ON_VECTORS,
)
def phases(setup: Setup, options: OversampleOptions) -> Phases:
    """Cross-entropy on augmented labelled images, drawn by class."""
    return (yield from augment_phases(setup, options))
