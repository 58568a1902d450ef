"""`oversample`: every class as often in a batch as any other.

Random oversampling (He and Garcia 2009): an epoch has as many images of each class as the largest class has, those of
a smaller one repeated, and each augmented anew. Where all classes have as many it is `augment`.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ganlift.strategies.augment import AugmentOptions, augmented_loss
from ganlift.strategies.base import Outcome, Phases, Setup, classifier_phase, strategy
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch, even_rows


@strategy(
    "oversample",
    kind="rival",
    summary="Rare classes drawn as often as common ones.",
    source="random oversampling: He and Garcia 2009",
    options=AugmentOptions,
)
def phases(setup: Setup, options: AugmentOptions) -> Phases:
    """Cross-entropy on augmented labelled images, drawn by class."""
    classifier = setup.new_classifier(options.dropout)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["labelled"].x, batch["labelled"].y, setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    stream = setup.labelled_stream(even_rows(setup.labels))
    phase = classifier_phase(setup, options, classifier, step, {"labelled": stream})
    yield phase
    return Outcome(phase.averages["classifier"].module)
