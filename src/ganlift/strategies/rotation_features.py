"""`rotation-features`: features that tell which way up an image is, then a probe (Gidaris et al. 2018).

Without labels, eq. 2 and 3: the mean over images x and r = 0 ... 3 of CE(h(φ(x turned by r · 90°)), r), all four
turns of an image in one batch. Then the probe of `ganlift.strategies.probe`. A rival of `gan-features`: the same two
steps, budgets and network, and no GAN.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.augment import rotate90
from ganlift.strategies.base import Phases, Setup, shipped, strategy
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase, take_average
from ganlift.strategies.probe import ProbeOptions, probe_phases
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch
from ganlift.training.rng import seeded


@shipped(
    probe="finetune",
    lr=2.5e-3,
    weight_decay=1.5e-5,
    label_smoothing=0.1,
    policy="rand",
    pretrain_lr=2e-3,
    head_lr=0.017,
)
class RotationFeaturesOptions(PretrainOptions, ProbeOptions):
    """Settings of both steps."""


def rotation_phase(setup: Setup, options: PretrainOptions, classifier: nn.Module) -> Phase:
    """Train the features of ``classifier`` to tell four turns apart."""
    with seeded(setup.rng.derive("weights of rotation head", common=True)):
        head = nn.Linear(classifier.feature_size, 4).to(setup.device)  # type: ignore[arg-type]
    setup.rng.generator("augmentation")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x = setup.weak(batch["unlabelled"].x)
        turned = torch.cat([rotate90(x, turn) for turn in range(4)])
        turns = torch.arange(4, device=x.device).repeat_interleave(len(x))
        loss = F.cross_entropy(head(classifier.features(turned)), turns)  # type: ignore[operator]
        update("classifier", loss)
        return {"loss": loss.detach()}

    return pretraining_phase(setup, options, classifier, step, heads={"rotation": head})


@strategy(
    "rotation-features",
    kind="rival",
    summary="Features from telling four rotations apart on all images, then all fine-tuned on the labelled ones.",
    source="RotNet: Gidaris et al. 2018, eq. 2 and 3",
    options=RotationFeaturesOptions,
    unlabelled="optional",
    geometry=True,
)
def phases(setup: Setup, options: RotationFeaturesOptions) -> Phases:
    """Rotations, then the probe."""
    classifier = setup.new_classifier(options.dropout)
    phase = rotation_phase(setup, options, classifier)
    yield phase
    take_average(classifier, phase)
    return (yield from probe_phases(setup, options, classifier))
