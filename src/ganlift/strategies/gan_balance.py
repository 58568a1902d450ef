"""`gan-balance`: generated images fill the small classes up to the largest (after BAGAN, Mariani et al. 2018).

BAGAN's three ideas, for a tail too small to learn a generator from:

1. One conditional generator learns all classes, so that the tail shares the features of the head.
2. It begins as an autoencoder's decoder, the discriminator as its encoder φ: both minimise ‖G(c(φ(x)), y) − x‖², c
   linear, for a share ``warm_up`` of the generator's steps.
3. Latents belong to a class: z ~ N(μ_y, Σ_y), estimated from the codes c(φ(x)) of the class's real images.

What differs: the losses and networks are those of the generator `sngan` (hinge and projection, DiffAugment) in place
of K + 1 classes, because they are sound on short runs, and of `wgan` on features; batches of the GAN are balanced by
repeating real images where BAGAN draws only the fakes evenly; and Σ_y leans on the covariance within all classes, since
a class of five images has none of its own (`ganlift.layers.class_latents`).

Generated images pass the cross-fitted filter, at equal odds for all classes. With n_k real images of class k, N in
all, and d_k = max n − n_k, a step sees B real images as in all arms and generated ones in proportion to d_k, with
weights such that every class has the same share of the loss in expectation:

    L = (Σ_real a_y CE + g · Σ_generated CE) · N / (B · K · max n),     g · count = B · Σ d / N

a_k is 1; for a class of which nothing passed, it is max n / n_k: its real images stand in. Where classes are equal
already, no generator is trained, and this is `augment`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.generators import sngan, wgan
from ganlift.generators.judge import Judge
from ganlift.layers.class_latents import ClassLatents
from ganlift.strategies.augment import ON_VECTORS, AugmentOptions, augmented
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, shipped, strategy
from ganlift.strategies.generation import FOLDS, Known, Stage, generator_stage, restandardise
from ganlift.strategies.pool import Pool, draw_pool, judge_phase
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Stream, even_rows
from ganlift.training.rng import seeded

PLAYERS = {"pixels": "sngan", "vectors": "wgan"}
"""The generator whose losses and networks are taken, in each space."""


@shipped(balance="off")  # generated images fill the small classes
class GanBalanceOptions(AugmentOptions):
    warm_up: float = Field(0.25, ge=0, lt=1, description="share of the generator's steps as an autoencoder; 0 is none")
    warm_up_lr: float = Field(2e-3, gt=0, description="Adam's rate of the autoencoder")
    prior: float = Field(20.0, gt=0, description="images that the covariance of all classes counts as in a class's own")
    most: float = Field(1.0, gt=0, le=4, description="generated images a real one in the batch, at most")
    fold_share: float = Field(0.3, gt=0, le=1, description="steps of a fold's classifier, as a share of the budget")
    pool: int = Field(300, gt=0, description="images generated a class, before the filter")


@dataclass(frozen=True)
class Mix:
    """How real and generated images make balanced batches.

    Attributes:
        rows: (m,) indices into the pool, each class in proportion to what it lacks; may be empty.
        count: generated images a step.
        scale: g, the weight of a generated image.
        weights: (K,) a_k, the weight of a real one.
        mass: B · K · max n / N, the sum of all weights of a step in expectation.
    """

    rows: Tensor
    count: int
    scale: float
    weights: Tensor
    mass: float


def balance(counts: Tensor, generated: Tensor, batch_size: int, most: float) -> Mix:
    """The mix for ``counts`` (K,) real images a class and a pool whose images have the labels ``generated`` (m,)."""
    largest, whole = int(counts.max()), int(counts.sum())
    lacking = largest - counts
    passed = torch.bincount(generated, minlength=len(counts))
    filled = (lacking > 0) & (passed > 0)
    weights = torch.where((lacking > 0) & ~filled, largest / counts.clamp(min=1), torch.ones_like(counts.float()))
    lack = float(lacking[filled].sum())
    wanted = batch_size * lack / whole
    count = min(max(1, round(wanted)), max(1, round(most * batch_size))) if lack else 0
    rows = [torch.empty(0, dtype=torch.int64, device=counts.device)]
    for label in filled.nonzero().squeeze(1).tolist():
        members = (generated == label).nonzero().squeeze(1)
        times = max(1, round(int(lacking[label]) * len(generated) / lack))
        rows.append(members[torch.arange(times, device=counts.device) % len(members)])
    scale = wanted / count if count else 0.0
    return Mix(torch.cat(rows), count, scale, weights, batch_size * len(counts) * largest / whole)


def balanced_phase(setup: Setup, options: AugmentOptions, mix: Mix, pool: Pool | None) -> Phase:
    """The loss of the module's equation, real and generated images in one forward."""
    classifier = setup.new_classifier(options.dropout)
    streams = {"labelled": setup.labelled_stream(options)}
    if pool is not None and mix.count:
        order = setup.rng.generator("generated order")
        streams["generated"] = Stream(pool.images, pool.labels, mix.count, order, mix.rows)
    weights = mix.weights.to(setup.device)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        views, targets = zip(*(augmented(part.x, part.y, setup, options) for part in batch.values()), strict=True)
        logits = classifier(torch.cat(views))
        losses = F.cross_entropy(logits, torch.cat(targets), reduction="none", label_smoothing=options.label_smoothing)
        real, generated = torch.split(losses, [len(views[0]), len(losses) - len(views[0])])
        total = (targets[0] @ weights.to(targets[0].dtype) * real).sum() + mix.scale * generated.sum()
        update("classifier", total / mix.mass)
        metrics = {"loss": real.mean().detach()}
        return {**metrics, "generated_loss": generated.mean().detach()} if len(generated) else metrics

    return classifier_phase(setup, options, classifier, step, streams)


def _players(stage: Stage) -> tuple[sngan.Generator | wgan.Generator, Judge]:
    generator, discriminator = stage.phase.modules["generator"], stage.phase.modules["discriminator"]
    assert isinstance(generator, sngan.Generator | wgan.Generator)
    assert isinstance(discriminator, Judge)
    return generator, discriminator


def _coder(setup: Setup, stage: Stage) -> nn.Module:
    """c: the discriminator's features to a latent."""
    _, discriminator = _players(stage)
    assert isinstance(discriminator.head, nn.Linear)
    with seeded(setup.rng.derive("weights of coder", common=True)):
        return nn.Linear(discriminator.head.in_features, stage.trained.facts.latent_size).to(setup.device)


def _autoencoder(setup: Setup, options: GanBalanceOptions, stage: Stage, coder: nn.Module, steps: int) -> Phase:
    """Generator and discriminator as decoder and encoder, on the batches that the GAN has later."""
    generator, discriminator = _players(stage)
    modules = {"generator": generator, "discriminator": discriminator, "coder": coder}
    parameters = [*generator.parameters(), *discriminator.body.parameters(), *coder.parameters()]
    conditions = stage.known.labels * FOLDS + stage.folds
    order = setup.rng.generator("order of autoencoder")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = setup.space.genuine(batch["labelled"].x, setup.rng.generator("augmentation")), batch["labelled"].y
        loss = F.mse_loss(generator.decode(coder(discriminator.body(x)), y), x)
        update("autoencoder", loss)
        return {"reconstruction_loss": loss.detach()}

    return Phase(
        name="autoencoder",
        steps=steps,
        step=step,
        modules=modules,
        optimizers={"autoencoder": torch.optim.Adam(parameters, lr=options.warm_up_lr, fused=True)},
        streams={"labelled": Stream(stage.known.images, conditions, setup.budget.batch_size, order, stage.known.rows)},
        rng=setup.rng,
        counts="generator",
    )


@torch.no_grad()
def _fit_latents(setup: Setup, stage: Stage, coder: nn.Module, prior: float) -> None:
    """The Gaussians of the codes of all real images, a condition; the average starts from here as well."""
    generator, discriminator = _players(stage)
    images, conditions = stage.known.images, stage.known.labels * FOLDS + stage.folds
    index = torch.arange(len(images), device=conditions.device)
    views = (setup.space.unchanged(images.take(part)) for part in torch.split(index, 500))
    codes = torch.cat([coder(discriminator.eval().body(view)) for view in views])
    assert isinstance(generator.latents, ClassLatents)
    generator.latents.fit(codes, conditions, prior)
    stage.phase.averages["generator"].load_state_dict(dict(generator.state_dict()))


@strategy(
    "gan-balance",
    kind="gan",
    summary="Filtered samples of one generator of all classes fill the small classes up.",
    source="BAGAN: Mariani et al. 2018",
    options=GanBalanceOptions,
    spaces=BOTH,
    vector_options=ON_VECTORS,
)
def phases(setup: Setup, options: GanBalanceOptions) -> Phases:
    """Autoencoder, generator, judges of its samples, and the classifier on the balanced mix."""
    counts = torch.bincount(setup.labels, minlength=setup.task.classes)
    none = torch.empty(0, dtype=torch.int64, device=setup.device)
    if bool((counts == counts.max()).all()):
        phase = balanced_phase(setup, options, balance(counts, none, setup.budget.batch_size, options.most), None)
        yield phase
        return Outcome(phase.averages["classifier"].module, {"balanced": True})
    made = replace(setup, generator=PLAYERS[setup.space.name], generator_options={"class_latents": True})
    stage = generator_stage(made, known=Known(setup.labelled, setup.labels, even_rows(setup.labels)))
    warm = min(round(options.warm_up * setup.budget.generator_steps), setup.budget.generator_steps - 1)
    if warm > 0:
        coder = _coder(setup, stage)
        yield _autoencoder(setup, options, stage, coder, warm)
        _fit_latents(setup, stage, coder, options.prior)
        stage.phase.steps -= warm
    yield stage.phase
    restandardise(stage, setup.rng)
    judges: list[nn.Module] = []
    for fold in range(FOLDS):
        judging = judge_phase(setup, options, stage, fold, options.fold_share)
        yield judging
        judges.append(judging.averages["classifier"].module)
    pool = draw_pool(setup, stage, judges, options.pool)
    mix = balance(counts, pool.labels, setup.budget.batch_size, options.most)
    phase = balanced_phase(setup, options, mix, pool)
    yield phase
    used = torch.bincount(pool.labels[torch.unique(mix.rows)], minlength=setup.task.classes)
    facts = {**pool.facts(), "balanced": False, "used": used.tolist(), "real_weights": mix.weights.tolist()}
    return Outcome(phase.averages["classifier"].module, facts, generator=stage.trained)
