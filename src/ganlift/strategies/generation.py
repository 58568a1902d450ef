"""The first stage of the two-stage arms: a generator learns the training images.

It is conditional on class *and fold*: the labelled images of a class are halved, and each half has a
condition of its own. So a classifier trained on one half can judge images of a condition that never saw
that half: the cross-fitted filter of `gan-augment`. Unlabelled images, where there are any, come with
the label -1 and teach what images look like.

The phase is shared: arms of one seed that want the same generator train it once, and each is charged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganlift.generators.base import GenerativeModel, ImageShape, generators
from ganlift.strategies.base import Setup
from ganlift.strategies.options import checked
from ganlift.training.ema import Ema
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Pixels, Stream, to_uint8
from ganlift.training.rng import Rng, seeded

FOLDS = 2
LABELLED_SHARE = 0.5
"""Share of labelled images in the generator's batches where there are unlabelled ones too."""


@dataclass(frozen=True)
class Stage:
    """A generator under training: its phase, and how to draw from it afterwards."""

    phase: Phase
    model: GenerativeModel
    folds: Tensor
    classes: int

    def draw(self, labels: Tensor, folds: Tensor, rng: torch.Generator) -> Tensor:
        """Images (n, c, h, w) in [-1, 1] of the averaged generator, for classes (n,) and folds (n,)."""
        module = self.phase.averages["generator"].module
        conditions = labels * FOLDS + folds
        parts = [self.model.sample(len(part), part, rng, module=module) for part in torch.split(conditions, 500)]
        return torch.cat(parts)

    def sample(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Images of the given classes (n,), the fold drawn evenly."""
        folds = torch.randint(FOLDS, labels.shape, generator=rng, device=labels.device)
        return self.draw(labels, folds, rng)


def generator_stage(setup: Setup) -> Stage:
    """Build the generator and its phase for this seed; nothing is trained yet."""
    task, classes = setup.task, setup.task.classes
    entry = generators.get(setup.generator)
    options = checked(f"generator '{entry.name}'", entry.options, setup.generator_options)
    key = _key(setup, options.model_dump())
    rng = Rng(setup.rng.seed, f"generator/{key}", setup.device)
    shape = ImageShape(task.channels, task.size, classes * FOLDS)
    with seeded(rng.derive("weights")):
        model = entry.build(shape, options, setup.device)
    folds = _folds(setup.labels, rng.generator("folds"))
    noise = rng.generator("noise")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        images = torch.cat([part.x for part in batch.values()])
        labels = torch.cat([part.y for part in batch.values()])
        return model.step(images, labels, noise, update)

    phase = Phase(
        name="generator",
        steps=setup.budget.generator_steps,
        step=step,
        modules=dict(model.modules()),
        optimizers=dict(model.optimizers()),
        streams=_streams(setup, setup.labels * FOLDS + folds, rng),
        averages={"generator": Ema(model.modules()["generator"], half_life_images=10_000)},
        rng=rng,
        counts="generator",
        shared=key,
    )
    stage = Stage(phase, model, folds, classes)
    columns = 8
    rows = torch.arange(classes, device=setup.device).repeat_interleave(columns)
    grid_seed = rng.derive("grid")

    def grid() -> Tensor:
        fixed = torch.Generator(device=setup.device)
        fixed.manual_seed(grid_seed)
        return stage.sample(rows, fixed)

    phase.grid = grid
    return stage


def restandardise(stage: Stage, rng: Rng, batches: int = 20, batch_size: int = 64) -> None:
    """Re-estimate BatchNorm's statistics for the averaged weights, which never saw a batch themselves."""
    module = stage.phase.averages["generator"].module
    norms = [layer for layer in module.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    noise = Rng(rng.seed, f"{rng.owner}/restandardise", rng.device).generator("noise")
    module.train()
    with torch.no_grad():
        for _ in range(batches):
            latent = torch.randn(batch_size, stage.model.latent_size, generator=noise, device=rng.device)
            labels = torch.randint(stage.classes * FOLDS, (batch_size,), generator=noise, device=rng.device)
            module(latent, labels)
    module.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def uint8_pool(images: Tensor, setup: Setup) -> Pixels:
    """Generated images stored as real ones are: uint8 on the device."""
    return Pixels(to_uint8(images), setup.device)


def _streams(setup: Setup, conditions: Tensor, rng: Rng) -> dict[str, Stream]:
    batch, labelled = setup.budget.batch_size, setup.labelled
    if not len(setup.task.unlabelled):
        return {"labelled": Stream(labelled, conditions, batch, rng.generator("order"))}
    share = round(batch * LABELLED_SHARE)
    return {
        "labelled": Stream(labelled, conditions, share, rng.generator("order")),
        "unlabelled": Stream(setup.unlabelled, None, batch - share, rng.generator("unlabelled order")),
    }


def _folds(labels: Tensor, rng: torch.Generator) -> Tensor:
    """A fold (n,) for each labelled image: every class is dealt out evenly, in random order."""
    folds = torch.empty_like(labels)
    for label in torch.unique(labels):
        members = (labels == label).nonzero().squeeze(1)
        order = torch.randperm(len(members), generator=rng, device=labels.device)
        folds[members[order]] = torch.arange(len(members), device=labels.device) % FOLDS
    return folds


def _key(setup: Setup, options: dict[str, object]) -> str:
    """Names the generator of this seed: everything that its weights depend on."""
    task, budget = setup.task, setup.budget
    facts = [setup.generator, options, setup.rng.seed, budget.generator_steps, budget.batch_size, task.size]
    counts = [len(task.labelled), len(task.unlabelled), task.classes]
    digest = hashlib.sha256(json.dumps([facts, counts], sort_keys=True).encode()).hexdigest()
    return f"{setup.generator}-{setup.rng.seed}-{digest[:8]}"
