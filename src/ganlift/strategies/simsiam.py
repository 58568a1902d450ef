"""`simsiam`: features of which two views of an image predict one another, then a probe (Chen and He 2021).

Without labels, eq. 1 and 4, with z = f(φ(x)) of a projector f, p = h(z) of a predictor h and two views x₁, x₂:

    L = ½ D(p₁, stopgrad(z₂)) + ½ D(p₂, stopgrad(z₁)),      D(p, z) = −cos(p, z).

Without the stopped gradient every image would soon have the same z. The trace has the mean deviation of z / ‖z‖ over
the batch, which is 0 then and near 1 / √d where the values are spread (section 4.1). The views are FixMatch's strong
ones, which suit grey images too; the projector has two layers, as the paper's for CIFAR-10, of a size that suits
small classifiers. Both views go through one forward. AdamW in place of SGD, as in all arms. Then the probe of
`ganlift.strategies.probe`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.augment import pair_view
from ganlift.losses import negative_cosine
from ganlift.strategies.base import Phases, Setup, shipped, strategy
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase, take_average
from ganlift.strategies.probe import ProbeOptions, probe_phases
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch
from ganlift.training.rng import seeded


class SimSiamPretrainOptions(PretrainOptions):
    projection: int = Field(256, ge=2, description="d: size of z, and of the projector's hidden layer")
    bottleneck: int = Field(64, ge=1, description="size of the predictor's hidden layer")


@shipped(
    probe="finetune", lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand", pretrain_lr=9.8e-4, head_lr=0.13
)
class SimSiamOptions(SimSiamPretrainOptions, ProbeOptions):
    """Settings of both steps."""


def projector(features: int, size: int) -> nn.Sequential:
    """f: BatchNorm after both layers, and no ReLU after the last (section 3)."""
    return nn.Sequential(
        nn.Linear(features, size, bias=False),
        nn.BatchNorm1d(size),
        nn.ReLU(inplace=True),
        nn.Linear(size, size, bias=False),
        nn.BatchNorm1d(size),
    )


def predictor(size: int, hidden: int) -> nn.Sequential:
    """h: a bottleneck whose output has neither BatchNorm nor ReLU (section 3)."""
    return nn.Sequential(
        nn.Linear(size, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, size)
    )


def simsiam_phase(setup: Setup, options: SimSiamPretrainOptions, classifier: nn.Module) -> Phase:
    """Train the features of ``classifier`` by the module's equation."""
    with seeded(setup.rng.derive("weights of projector and predictor", common=True)):
        f = projector(classifier.feature_size, options.projection).to(setup.device)  # type: ignore[arg-type]
        h = predictor(options.projection, options.bottleneck).to(setup.device)
    rng, flips = setup.rng.generator("augmentation"), setup.task.flips

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x = batch["unlabelled"].x
        pair = [pair_view(setup.space.genuine(x, rng), rng, flips) for _ in range(2)]
        z = f(classifier.features(torch.cat(pair)))  # type: ignore[operator]
        (z1, z2), (p1, p2) = z.chunk(2), h(z).chunk(2)
        loss = 0.5 * negative_cosine(p1, z2.detach()) + 0.5 * negative_cosine(p2, z1.detach())
        update("classifier", loss)
        return {"loss": loss.detach(), "z_deviation": F.normalize(z.detach(), dim=1).std(0).mean()}

    return pretraining_phase(setup, options, classifier, step, heads={"projector": f, "predictor": h})


@strategy(
    "simsiam",
    kind="rival",
    summary="Features of which two views predict one another, on all images, then all fine-tuned on the labelled ones.",
    source="SimSiam: Chen and He 2021, eq. 1 and 4",
    options=SimSiamOptions,
    unlabelled="optional",
    geometry=True,
)
def phases(setup: Setup, options: SimSiamOptions) -> Phases:
    """Views, then the probe."""
    classifier = setup.new_classifier(options.dropout)
    phase = simsiam_phase(setup, options, classifier)
    yield phase
    take_average(classifier, phase)
    return (yield from probe_phases(setup, options, classifier))
