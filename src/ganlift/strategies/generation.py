"""The first stage of the two-stage arms: a generator learns the training images.

It is conditional on class *and fold*: the labelled images of a class are halved, and each half has a
condition of its own. So a classifier trained on one half can judge images of a condition that never saw
that half: the cross-fitted filter of `gan-augment`. Unlabelled images, where there are any, come with
the label -1 and teach what images look like.

The phase is shared: arms of one seed that want the same generator train it once, and each is charged.

A generator that is trained for its own sake (`ganlift train-generator`) has one fold, and no classes where there
are no labels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganlift.generators.base import resolve
from ganlift.generators.common import identity
from ganlift.generators.trained import GeneratorFacts, TrainedGenerator
from ganlift.strategies.base import Setup
from ganlift.strategies.options import checked
from ganlift.strategies.watching import watching
from ganlift.training.ema import Ema
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Held, Stream
from ganlift.training.rng import Rng, seeded

FOLDS = 2
GRID_COLUMNS = 8
LABELLED_SHARE = 0.5
"""Share of labelled images in the generator's batches where there are unlabelled ones too."""


@dataclass(frozen=True)
class Known:
    """Images with the labels (n,) int64 that a generator is told: the labelled ones, or all with pseudo-labels.

    ``rows``, indices of images, are an epoch of its batches where some images come more than once.
    """

    images: Held
    labels: Tensor
    rows: Tensor | None = None


@dataclass(frozen=True)
class Stage:
    """A generator under training: its phase, how to draw from it afterwards, and what it was told, by fold."""

    phase: Phase
    trained: TrainedGenerator
    known: Known
    folds: Tensor


def generator_stage(setup: Setup, folds: int = FOLDS, known: Known | None = None) -> Stage:
    """Build the generator and its phase for this seed; nothing is trained yet.

    Args:
        folds: the conditions a class: 1 where no classifier is to judge the samples.
        known: what the arm tells its generator in place of the task's labels. Then no other arm shares it.
    """
    task, classes = setup.task, setup.task.classes
    entry = resolve(setup.generator, setup.space.name)
    options = checked(f"generator '{entry.name}'", entry.options, setup.generator_options)
    own, known = known is not None, known or Known(setup.labelled, setup.labels)
    key = _key(setup, entry.name, identity(options), folds, known if own else None)
    rng = Rng(setup.rng.seed, f"generator/{key}", setup.device)
    with seeded(rng.derive("weights")):
        model = entry.build(setup.space.shape(classes * folds), options, setup.device)
    of_folds = _folds(known.labels, folds, rng.generator("folds"))
    noise = rng.generator("noise")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        images = torch.cat([setup.space.genuine(part.x, noise) for part in batch.values()])
        labels = torch.cat([part.y for part in batch.values()])
        return model.step(images, labels, noise, update)

    phase = Phase(
        name="generator",
        steps=setup.budget.generator_steps,
        step=step,
        modules=dict(model.modules()),
        optimizers=dict(model.optimizers()),
        streams=_streams(setup, known, known.labels * folds + of_folds, rng, with_unlabelled=not own),
        averages={"generator": Ema(model.modules()["generator"], half_life_images=10_000)},
        rng=rng,
        counts="generator",
        shared=None if own else key,
        logits=entry.logits,
    )
    facts = GeneratorFacts(
        generator=entry.name,
        options=options.model_dump(mode="json"),
        channels=task.channels,
        size=task.size,
        classes=classes,
        folds=folds,
        latent_size=model.latent_size,
    )
    trained = TrainedGenerator(facts, phase.averages["generator"].module)
    if setup.pictures:
        phase.grid = _grid(trained, rng.derive("grid"), setup.device)
        phase.watch = watching(setup, rng, lambda n, noise: trained.sample(_any_classes(n, classes, noise), n, noise))
    return Stage(phase, trained, known, of_folds)


def _any_classes(n: int, classes: int, rng: torch.Generator) -> Tensor | None:
    return torch.randint(classes, (n,), generator=rng, device=rng.device) if classes else None


def _grid(trained: TrainedGenerator, seed: int, device: torch.device) -> Callable[[], Tensor]:
    """Draws the same 8 a class, or 64 without classes, every time."""
    classes = trained.facts.classes
    rows = torch.arange(classes, device=device).repeat_interleave(GRID_COLUMNS) if classes else None
    count = len(rows) if rows is not None else GRID_COLUMNS**2

    def grid() -> Tensor:
        fixed = torch.Generator(device=device)
        fixed.manual_seed(seed)
        return trained.sample(rows, count, fixed)

    return grid


def restandardise(stage: Stage, rng: Rng, batches: int = 20, batch_size: int = 64) -> None:
    """Re-estimate BatchNorm's statistics for the averaged weights, which never saw a batch themselves."""
    module, facts = stage.trained.module, stage.trained.facts
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
            latent = torch.randn(batch_size, facts.latent_size, generator=noise, device=rng.device)
            labels = torch.randint(max(1, facts.shape.classes), (batch_size,), generator=noise, device=rng.device)
            module(latent, labels)
    module.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _streams(setup: Setup, known: Known, conditions: Tensor, rng: Rng, *, with_unlabelled: bool) -> dict[str, Stream]:
    batch, labelled = setup.budget.batch_size, known.images
    if not len(labelled):
        return {"unlabelled": setup.unlabelled_stream()}
    if not (with_unlabelled and len(setup.task.unlabelled)):
        return {"labelled": Stream(labelled, conditions, batch, rng.generator("order"), known.rows)}
    share = round(batch * LABELLED_SHARE)
    return {
        "labelled": Stream(labelled, conditions, share, rng.generator("order")),
        "unlabelled": Stream(setup.unlabelled, None, batch - share, rng.generator("unlabelled order")),
    }


def _folds(labels: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """A fold (n,) for each labelled image: every class is dealt out evenly, in random order."""
    folds = torch.empty_like(labels)
    for label in torch.unique(labels):
        members = (labels == label).nonzero().squeeze(1)
        order = torch.randperm(len(members), generator=rng, device=labels.device)
        folds[members[order]] = torch.arange(len(members), device=labels.device) % count
    return folds


def _key(setup: Setup, name: str, options: dict[str, object], folds: int, told: Known | None) -> str:
    """Names the generator of this seed: everything that its weights depend on, labels of the arm's own included."""
    task, budget = setup.task, setup.budget
    facts = [name, options, setup.rng.seed, budget.generator_steps, budget.batch_size, task.size]
    counts = [len(task.labelled), len(task.unlabelled), task.classes, folds]
    told_of = [] if told is None else [told.labels.tolist()]
    network = [] if setup.features is None else [setup.features]
    digest = hashlib.sha256(json.dumps([facts, counts, *told_of, *network], sort_keys=True).encode()).hexdigest()
    return f"{name}-{setup.rng.seed}-{digest[:8]}"
