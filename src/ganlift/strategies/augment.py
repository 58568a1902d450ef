"""`augment`: crop, flip where the data allow it, a random operation, mixes. The baseline to beat.

TrivialAugment: Müller and Hutter 2021. RandAugment: Cubuk et al. 2020. Mixup: Zhang et al. 2018.
CutMix: Yun et al. 2019. Everything is batched on the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment import cutmix, mixup
from ganlift.losses import soft_cross_entropy
from ganlift.strategies.base import (
    BOTH,
    ClassifierOptions,
    Outcome,
    Phases,
    Setup,
    choices,
    classifier_phase,
    shipped,
    strategy,
)
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


@shipped(lr=5.5e-3, weight_decay=2.7e-4, label_smoothing=0.1, policy="rand")
class AugmentOptions(ClassifierOptions):
    mix: Literal["none", "mixup", "cutmix"] = Field(
        "mixup",
        description="mixes of image pairs and their labels",
        json_schema_extra=choices("none", "mixup", "cutmix"),
    )
    mix_alpha: float = Field(0.4, gt=0, description="Beta(alpha, alpha) of the mixing share")


def augmented(x: Tensor, y: Tensor, setup: Setup, options: AugmentOptions) -> tuple[Tensor, Tensor]:
    """Augmented, mixed images (n, c, h, w), and their targets (n, K) from labels (n,)."""
    rng = setup.rng.generator("augmentation")
    x = setup.labelled_view(x, options)
    targets = F.one_hot(y, setup.task.classes).to(x.dtype)
    if options.mix == "mixup":
        return mixup(x, targets, rng, options.mix_alpha)
    if options.mix == "cutmix":
        return cutmix(x, targets, rng, options.mix_alpha)
    return x, targets


def augmented_loss(classifier: torch.nn.Module, x: Tensor, y: Tensor, setup: Setup, options: AugmentOptions) -> Tensor:
    """Cross-entropy of augmented, mixed images (n, c, h, w) with labels (n,)."""
    x, targets = augmented(x, y, setup, options)
    return soft_cross_entropy(classifier(x), targets, options.label_smoothing)


ON_VECTORS = {"lr": 1.1e-3, "weight_decay": 1.1e-4, "dropout": 0.4, "label_smoothing": 0.1, "mix": "mixup"}
"""Its own defaults on vectors; arms that are it and something more take them over, as they do on pixels."""


@strategy(
    "augment",
    kind="baseline",
    summary="Crop, flip where safe, random operations and mixes, all tuned.",
    source="TrivialAugment (Müller and Hutter 2021), Mixup (Zhang et al. 2018), CutMix (Yun et al. 2019)",
    options=AugmentOptions,
    spaces=BOTH,
    vector_options=ON_VECTORS,
)
def phases(setup: Setup, options: AugmentOptions) -> Phases:
    """Cross-entropy on augmented labelled images."""
    classifier = setup.new_classifier(options.dropout)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["labelled"].x, batch["labelled"].y, setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    return Outcome(phase.averages["classifier"].module)
