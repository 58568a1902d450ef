"""`gan-augment`: two stages. A conditional generator learns the training images; its samples join them.

Each step minimises CE(real) + λ · CE(generated), both augmented, with ``ratio`` generated images a real one, in one
forward. Generated images pass the cross-fitted filter of `ganlift.strategies.pool` first. λ and ratio are chosen on
validation with short runs from the same start; λ = 0, no generator, is among the candidates and is kept unless
another leads it by one paired standard error: with a hundred images a lead of one says nothing.

Options of the literature, off by default:

- ``pretrain``: that share of the budget's steps on generated images alone first, counted apart; the weights are where
  the candidates and the final run start from, which takes the full budget as in all arms. λ = 0 is then tried from
  these weights (fine-tuning on real images alone) and without them (no generator at all, which wins ties).
- ``separate_norm``: BatchNorms of their own for generated images (AdvProp, Xie et al. 2020, section 4.2, has them for
  adversarial ones), so two forwards. Test images meet the real ones' statistics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor, nn

from ganlift.generators.base import generators
from ganlift.layers.own_norms import with_own_norms
from ganlift.losses import soft_cross_entropy
from ganlift.strategies.augment import ON_VECTORS, AugmentOptions, augmented, augmented_loss
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, strategy
from ganlift.strategies.generation import FOLDS, generator_stage, restandardise
from ganlift.strategies.options import checked
from ganlift.strategies.pool import Pool, draw_pool, judge_phase
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Stream
from ganlift.training.rng import Rng


class GanAugmentOptions(AugmentOptions):
    generator: str | None = Field(None, description="a registered generator in place of the run's")
    generator_options: dict[str, Any] = Field({}, description="options of that generator")
    candidates: tuple[tuple[float, float], ...] = Field(
        ((0.0, 0.0), (0.25, 1.0), (0.5, 0.5), (1.0, 1.0)),
        min_length=1,
        description="pairs of λ and ratio to choose from",
    )
    choice_share: float = Field(0.25, gt=0, le=1, description="steps of a choosing run, as a share of the budget")
    fold_share: float = Field(0.3, gt=0, le=1, description="steps of a fold's classifier, as a share of the budget")
    pool: int = Field(300, gt=0, description="images generated a class, before the filter")
    filtered: bool = Field(True, description="whether generated images pass the cross-fitted filter")
    pretrain: float = Field(0.0, ge=0, le=4, description="steps on generated images first, as a share of the budget")
    separate_norm: bool = Field(False, description="BatchNorms of their own for generated images")

    @model_validator(mode="after")
    def _known_generator(self) -> Self:
        if self.generator is not None:
            entry = generators.get(self.generator)
            checked(f"generator '{entry.name}'", entry.options, self.generator_options)
        elif self.generator_options:
            raise ValueError("generator_options are those of the option generator; name it too")
        return self

    def apply_generator(self, setup: Setup) -> Setup:
        """``setup`` with the generator that these options name, if any."""
        if self.generator is None:
            return setup
        return replace(setup, generator=self.generator, generator_options=self.generator_options)


def mixed_phase(
    setup: Setup,
    options: GanAugmentOptions,
    pool: Pool,
    weight: float,
    ratio: float,
    *,
    name: str = "classifier",
    steps: int | None = None,
    start: nn.Module | None = None,
) -> Phase:
    """Train on real and generated images: CE(real) + weight · CE(generated), from ``start``'s weights if given."""
    classifier = setup.new_classifier(options.dropout)
    if start is not None:
        classifier.load_state_dict(start.state_dict())
    streams, heads, twin = {"labelled": setup.labelled_stream(options)}, dict[str, nn.Module](), classifier
    if weight:
        count = max(1, round(ratio * setup.budget.batch_size))
        streams["generated"] = Stream(pool.images, pool.labels, count, setup.rng.generator("generated order"))
        if options.separate_norm:
            twin, heads["norms of generated images"] = with_own_norms(classifier)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        views, targets = zip(*(augmented(part.x, part.y, setup, options) for part in batch.values()), strict=True)
        if options.separate_norm and weight:
            logits = [classifier(views[0]), twin(views[1])]
        else:
            logits = list(classifier(torch.cat(views)).split([len(part) for part in views]))
        losses = [
            soft_cross_entropy(given, wanted, options.label_smoothing)
            for given, wanted in zip(logits, targets, strict=True)
        ]
        update("classifier", losses[0] + weight * losses[1] if weight else losses[0])
        return {name: loss.detach() for name, loss in zip(("loss", "generated_loss"), losses, strict=False)}

    return classifier_phase(setup, options, classifier, step, streams, name=name, steps=steps, heads=heads)


def _pretraining(setup: Setup, options: GanAugmentOptions, pool: Pool) -> Phase:
    """A classifier of generated images alone; its averaged weights are a start."""
    classifier = setup.new_classifier(options.dropout)
    stream = Stream(pool.images, pool.labels, setup.budget.batch_size, setup.rng.generator("order of pre-training"))

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["generated"].x, batch["generated"].y, setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    steps = max(1, round(setup.budget.steps * options.pretrain))
    phase = classifier_phase(setup, options, classifier, step, {"generated": stream}, name="pre-training", steps=steps)
    phase.counts = "besides"
    return phase


@strategy(
    "gan-augment",
    kind="gan",
    summary="Two stages: filtered samples of a conditional generator join the real images.",
    source="two-stage augmentation: Antoniou et al. 2017; filter cross-fitted as described in its file",
    options=GanAugmentOptions,
    unlabelled="optional",
    folds=FOLDS,
    validates=True,
    spaces=BOTH,
    vector_options=ON_VECTORS,
)
def phases(setup: Setup, options: GanAugmentOptions) -> Phases:
    """Generator, fold classifiers, pre-training, choosing runs, and one run at the full budget."""
    stage = generator_stage(options.apply_generator(setup))
    yield stage.phase
    restandardise(stage, setup.rng)
    judges: list[nn.Module] = []
    for fold in range(FOLDS) if options.filtered else ():
        phase = judge_phase(setup, options, stage, fold, options.fold_share)
        yield phase
        judges.append(phase.averages["classifier"].module)
    pool = draw_pool(setup, stage, judges or None, options.pool)
    start: nn.Module | None = None
    if options.pretrain and len(pool.labels):
        phase = _pretraining(setup, options, pool)
        yield phase
        start = phase.averages["classifier"].module
    tried, right = list[dict[str, Any]](), list[NDArray[np.bool_]]()
    for index, one in enumerate(_candidates(options, pool, pretrained=start is not None)):
        # Every candidate sees the same order and, but for the start, the same weights first.
        fresh = replace(setup, rng=Rng(setup.rng.seed, f"{setup.rng.owner}/choice", setup.device))
        steps = max(1, round(setup.budget.steps * options.choice_share))
        begun = start if one["pretrained"] else None
        phase = mixed_phase(
            fresh, options, pool, one["weight"], one["ratio"], name=f"choice-{index}", steps=steps, start=begun
        )
        phase.counts = "besides"
        yield phase
        right.append(setup.validation_right(phase.averages["classifier"].module))
        tried.append({**one, "validation_score": setup.measure.of(right[-1], setup.task.validation_labels)})
    best = tried[choose(tried, right, setup.measure.weights(setup.task.validation_labels))]
    phase = mixed_phase(
        setup, options, pool, best["weight"], best["ratio"], start=start if best["pretrained"] else None
    )
    yield phase
    facts = {**pool.facts(), "candidates": tried, "chosen": best, "filtered": options.filtered}
    return Outcome(phase.averages["classifier"].module, facts, stage.phase.shared, stage.trained)


def choose(tried: Sequence[Mapping[str, Any]], right: Sequence[NDArray[np.bool_]], weights: NDArray[np.float64]) -> int:
    """Which of ``tried`` is taken: the best on validation, if it leads no generator by one paired standard error.

    Args:
        right: (n,) a candidate, whether each validation image is; ``weights`` (n,) theirs, 1 in the mean.
    """
    order = [(one["validation_score"], not one["pretrained"], -one["weight"], -one["ratio"]) for one in tried]
    best = max(range(len(tried)), key=lambda index: order[index])
    for index, one in enumerate(tried):
        if not one["weight"] and not one["pretrained"]:
            lead = weights * (right[best].astype(np.float64) - right[index])
            return best if lead.mean() > lead.std() / np.sqrt(len(lead)) else index
    return best


def _candidates(options: GanAugmentOptions, pool: Pool, *, pretrained: bool) -> list[dict[str, Any]]:
    """What is tried: pairs that the pool allows; with pre-training from its weights, and the bare start beside."""
    pairs = options.candidates if len(pool.labels) else ((0.0, 0.0),)
    tried = [{"weight": weight, "ratio": ratio, "pretrained": pretrained} for weight, ratio in pairs]
    return [*tried, {"weight": 0.0, "ratio": 0.0, "pretrained": False}] if pretrained else tried
