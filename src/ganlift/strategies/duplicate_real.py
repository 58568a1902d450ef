"""`duplicate-real`: the control of two-stage augmentation.

Where `gan-augment` adds generated images to the batch, this adds second copies of real ones, augmented
anew: as many images a step and as much computing, and nothing generated. What it gains, more images a
step gain; what `gan-augment` gains beyond it, the generator gains.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from ganlift.strategies.augment import ON_VECTORS, AugmentOptions, augmented_loss
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, strategy
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class DuplicateOptions(AugmentOptions):
    ratio: float = Field(1.0, gt=0, le=4, description="copies a real image in the batch")


@strategy(
    "duplicate-real",
    kind="control",
    summary="Second copies of real images where gan-augment has generated ones.",
    source="control of gan-augment",
    options=DuplicateOptions,
    spaces=BOTH,
    vector_options=ON_VECTORS,
)
def phases(setup: Setup, options: DuplicateOptions) -> Phases:
    """Cross-entropy on augmented labelled images, ``1 + ratio`` copies of each."""
    classifier = setup.new_classifier(options.dropout)
    copies = round(setup.budget.batch_size * options.ratio)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = batch["labelled"].x, batch["labelled"].y
        again = torch.arange(copies, device=x.device) % len(x)
        loss = augmented_loss(classifier, torch.cat([x, x[again]]), torch.cat([y, y[again]]), setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    return Outcome(phase.averages["classifier"].module)
