"""`rotation`: unlabelled images teach by asking which way up they are (S4L, Zhai et al. 2019).

L = CE(labelled) + w · CE(rotation of 0, 90, 180, 270 degrees). A rival: it sees the unlabelled images
and uses no GAN.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment import rotate90
from ganlift.strategies.base import (
    ClassifierOptions,
    Outcome,
    Phases,
    Setup,
    classifier_phase,
    search,
    shipped,
    strategy,
)
from ganlift.strategies.terms import rotation_head
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand")
class RotationOptions(ClassifierOptions):
    weight: float = Field(
        0.2, ge=0, description="w: weight of the rotation loss", json_schema_extra=search(0.1, 2.0, log=True)
    )


@strategy(
    "rotation",
    kind="rival",
    summary="Rotation of unlabelled images as a second task.",
    source="S4L: Zhai et al. 2019, section 3.1",
    options=RotationOptions,
    unlabelled="optional",
    geometry=True,
)
def phases(setup: Setup, options: RotationOptions) -> Phases:
    """One forward for labelled and rotated unlabelled images; two heads on the same features."""
    classifier = setup.new_classifier(options.dropout)
    head = rotation_head(setup, classifier)
    rng = setup.rng.generator("augmentation")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = batch["labelled"].x, batch["labelled"].y
        turns = torch.randint(4, (len(batch["unlabelled"].x),), generator=rng, device=x.device)
        turned = rotate90(setup.weak(batch["unlabelled"].x), turns)
        features = classifier.features(torch.cat([setup.labelled_view(x, options), turned]))  # type: ignore[operator]
        logits = classifier.head(features[: len(x)])  # type: ignore[operator]
        loss = F.cross_entropy(logits, y, label_smoothing=options.label_smoothing)
        rotation_loss = F.cross_entropy(head(features[len(x) :]), turns)
        update("classifier", loss + options.weight * rotation_loss)
        return {"loss": loss.detach(), "rotation_loss": rotation_loss.detach()}

    streams = {"labelled": setup.labelled_stream(options), "unlabelled": setup.unlabelled_stream()}
    phase = classifier_phase(setup, options, classifier, step, streams, heads={"rotation": head})
    yield phase
    return Outcome(phase.averages["classifier"].module)
