"""`gan-augment`: two stages. A conditional generator learns the training images; its samples join them.

Each step minimises CE(real) + λ · CE(generated), both augmented, with ``ratio`` generated images a real
one. Generated images pass a filter first: an image of the condition (class, fold) is kept if a classifier
trained on the *other* fold calls it that class. λ and ratio are chosen on validation with short runs
from the same start; λ = 0, no generator, is among the candidates and wins ties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from ganlift.strategies.augment import AugmentOptions, augmented_loss
from ganlift.strategies.base import Outcome, Phases, Setup, classifier_phase, predict, strategy
from ganlift.strategies.generation import FOLDS, Stage, generator_stage, restandardise
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Pixels, Stream, to_uint8
from ganlift.training.rng import Rng


class GanAugmentOptions(AugmentOptions):
    candidates: tuple[tuple[float, float], ...] = Field(
        ((0.0, 0.0), (0.25, 1.0), (0.5, 0.5), (1.0, 1.0)), description="pairs of λ and ratio to choose from"
    )
    choice_share: float = Field(0.25, gt=0, le=1, description="steps of a choosing run, as a share of the budget")
    fold_share: float = Field(0.3, gt=0, le=1, description="steps of a fold's classifier, as a share of the budget")
    pool: int = Field(300, gt=0, description="images generated a class, before the filter")
    filtered: bool = Field(True, description="whether generated images pass the cross-fitted filter")


@dataclass(frozen=True)
class Pool:
    """Generated images that passed the filter, with their classes, and the share that did, a class."""

    images: Pixels
    labels: Tensor
    acceptance: list[float]


def mixed_phase(
    setup: Setup, options: AugmentOptions, pool: Pool, weight: float, ratio: float, *, name: str, steps: int
) -> Phase:
    """Train on real and generated images: CE(real) + weight · CE(generated)."""
    classifier = setup.new_classifier(options.dropout)
    streams = {"labelled": setup.labelled_stream()}
    if weight:
        count = max(1, round(ratio * setup.budget.batch_size))
        streams["generated"] = Stream(pool.images, pool.labels, count, setup.rng.generator("generated order"))

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["labelled"].x, batch["labelled"].y, setup, options)
        metrics = {"loss": loss.detach()}
        if weight:
            fake_loss = augmented_loss(classifier, batch["generated"].x, batch["generated"].y, setup, options)
            metrics["generated_loss"] = fake_loss.detach()
            loss = loss + weight * fake_loss
        update("classifier", loss)
        return metrics

    return classifier_phase(setup, options, classifier, step, streams, name=name, steps=steps)


def _fold_phase(setup: Setup, options: GanAugmentOptions, stage: Stage, fold: int) -> Phase:
    """A classifier of one fold's labelled images alone."""
    members = (stage.folds == fold).nonzero().squeeze(1)
    if not len(members):
        members = torch.arange(len(stage.folds), device=setup.device)
    classifier = setup.new_classifier(options.dropout, name=f"fold {fold}")
    images = Pixels(torch.from_numpy(setup.task.labelled)[members.cpu()], setup.device)
    order = setup.rng.generator(f"order of fold {fold}")
    stream = Stream(images, setup.labels[members], setup.budget.batch_size, order)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["labelled"].x, batch["labelled"].y, setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    steps = max(1, round(setup.budget.steps * options.fold_share))
    phase = classifier_phase(setup, options, classifier, step, {"labelled": stream}, name=f"fold-{fold}", steps=steps)
    phase.counts = "besides"
    return phase


def draw_pool(setup: Setup, stage: Stage, judges: list[nn.Module] | None, size: int) -> Pool:
    """``size`` images a class; with ``judges`` (one a fold) only those the other fold's judge agrees on.

    A class of which none passes keeps the tenth that comes nearest.
    """
    classes = setup.task.classes
    labels = torch.arange(classes, device=setup.device).repeat_interleave(size)
    folds = torch.arange(len(labels), device=setup.device) % FOLDS
    images = to_uint8(stage.trained.draw(labels, folds, setup.rng.generator("pool")))
    if judges is None:
        return Pool(Pixels(images, setup.device), labels, [1.0] * classes)
    agreement = torch.empty(len(labels), device=setup.device)
    agreed = torch.empty(len(labels), dtype=torch.bool, device=setup.device)
    for fold in range(FOLDS):
        of_fold = folds == fold
        probabilities = predict(judges[1 - fold], images[of_fold])
        agreement[of_fold] = probabilities.gather(1, labels[of_fold, None]).squeeze(1)
        agreed[of_fold] = probabilities.argmax(1) == labels[of_fold]
    acceptance = [float(agreed[labels == label].float().mean()) for label in range(classes)]
    for label in range(classes):
        if not acceptance[label]:
            members = (labels == label).nonzero().squeeze(1)
            agreed[members[agreement[members].topk(max(1, size // 10)).indices]] = True
    return Pool(Pixels(images[agreed], setup.device), labels[agreed], acceptance)


@strategy(
    "gan-augment",
    kind="gan",
    summary="Two stages: filtered samples of a conditional generator join the real images.",
    source="two-stage augmentation: Antoniou et al. 2017; filter cross-fitted as described in its file",
    options=GanAugmentOptions,
    unlabelled="optional",
    needs_generator=True,
    validates=True,
)
def phases(setup: Setup, options: GanAugmentOptions) -> Phases:
    """Generator, fold classifiers, choosing runs, and one run at the full budget."""
    stage = generator_stage(setup)
    yield stage.phase
    restandardise(stage, setup.rng)
    judges: list[nn.Module] = []
    for fold in range(FOLDS) if options.filtered else ():
        phase = _fold_phase(setup, options, stage, fold)
        yield phase
        judges.append(phase.averages["classifier"].module)
    pool = draw_pool(setup, stage, judges or None, options.pool)
    tried: list[dict[str, Any]] = []
    for index, (weight, ratio) in enumerate(options.candidates):
        # Every candidate starts from the same weights and sees the same order: only λ and ratio differ.
        fresh = replace(setup, rng=Rng(setup.rng.seed, f"{setup.rng.owner}/choice", setup.device))
        steps = max(1, round(setup.budget.steps * options.choice_share))
        phase = mixed_phase(fresh, options, pool, weight, ratio, name=f"choice-{index}", steps=steps)
        phase.counts = "besides"
        yield phase
        score = setup.validation_score(phase.averages["classifier"].module)
        tried.append({"weight": weight, "ratio": ratio, "validation_score": score})
    best = max(tried, key=lambda one: (one["validation_score"], -one["weight"], -one["ratio"]))
    phase = mixed_phase(
        setup, options, pool, best["weight"], best["ratio"], name="classifier", steps=setup.budget.steps
    )
    yield phase
    facts = {"acceptance": pool.acceptance, "candidates": tried, "chosen": best, "filtered": options.filtered}
    return Outcome(phase.averages["classifier"].module, facts, stage.phase.shared, stage.trained)
