"""`real-only`: the labelled images as they are, no augmentation. The floor."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional as F

from ganlift.strategies.base import BOTH, ClassifierOptions, Outcome, Phases, Setup, classifier_phase, strategy
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


@strategy(
    "real-only",
    kind="baseline",
    summary="The labelled images as they are.",
    source="ordinary supervised training",
    options=ClassifierOptions,
    spaces=BOTH,
)
def phases(setup: Setup, options: ClassifierOptions) -> Phases:
    """Cross-entropy on the labelled images."""
    classifier = setup.new_classifier(options.dropout)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = setup.space.unchanged(batch["labelled"].x), batch["labelled"].y
        loss = F.cross_entropy(classifier(x), y, label_smoothing=options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    return Outcome(phase.averages["classifier"].module)
