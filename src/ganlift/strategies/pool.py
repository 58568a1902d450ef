"""Generated images for a classifier: the cross-fitted filter, and what passed it.

An image of the condition (class y, fold f) is kept if the judge of the *other* fold, a classifier that never saw a
real image of fold f, calls it y: argmax_k p_k / π_k = y. The division by π, the class shares that the judge was
trained on, puts all classes at equal odds (post-hoc logit adjustment, Menon et al. 2021), so that a rare class is not
refused for being rare.

A class of which nothing passes gets nothing. What comes nearest to passing was called another class by the judge; to
train on it would be to train on labels that are wrong as far as we can tell, and the class's real images are there.

A filter can be pleased by one easy image drawn over and over. So the kept images of a class are compared with its
real ones: mean distance of pairs, in the features of the judge that saw neither, generated over real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganlift.measures.diversity import mean_distance
from ganlift.strategies.augment import AugmentOptions, augmented_loss
from ganlift.strategies.base import Setup, classifier_phase
from ganlift.strategies.generation import FOLDS, Stage
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Held, Stream

MOST = 200
"""Images of a class and fold, at most, among which distances are taken."""


@dataclass(frozen=True)
class Pool:
    """Generated images that passed the filter.

    Attributes:
        images, labels: what is kept, as items; may be empty.
        acceptance: the share of a class's images that passed, a class.
        diversity: of the kept images over that of the real ones, a class; None where either are too few to tell.
            Without a filter, empty.
        duplicates: share of the kept images that have an exact copy among the others.
    """

    images: Held
    labels: Tensor
    acceptance: list[float]
    diversity: list[float | None]
    duplicates: float = 0.0

    def facts(self) -> dict[str, Any]:
        """For ``facts.json``."""
        return {
            "acceptance": self.acceptance,
            "pool_diversity": self.diversity,
            "pool_duplicates": self.duplicates,
            "pool_size": len(self.labels),
        }


def judge_phase(setup: Setup, options: AugmentOptions, stage: Stage, fold: int, share: float) -> Phase:
    """A classifier of one fold's real images alone, for ``share`` of the budget's steps; all images of an empty fold's.

    Its averaged weights are the judge.
    """
    members = (stage.folds == fold).nonzero().squeeze(1)
    if not len(members):
        members = torch.arange(len(stage.folds), device=setup.device)
    classifier = setup.new_classifier(options.dropout, name=f"fold {fold}")
    stream = Stream(
        stage.known.images.subset(members),
        stage.known.labels[members],
        setup.budget.batch_size,
        setup.rng.generator(f"order of fold {fold}"),
    )

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["judged"].x, batch["judged"].y, setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    steps = max(1, round(setup.budget.steps * share))
    phase = classifier_phase(setup, options, classifier, step, {"judged": stream}, name=f"fold-{fold}", steps=steps)
    phase.counts = "besides"
    return phase


def draw_pool(setup: Setup, stage: Stage, judges: list[nn.Module] | None, size: int) -> Pool:
    """``size`` images a class; with ``judges`` (one a fold) only those the other fold's judge agrees on."""
    classes = setup.task.classes
    labels = torch.arange(classes, device=setup.device).repeat_interleave(size)
    folds = torch.arange(len(labels), device=setup.device) % stage.trained.facts.folds
    images = setup.space.items(stage.trained.draw(labels, folds, setup.rng.generator("pool")))
    if judges is None:
        return Pool(setup.space.hold(images, setup.device), labels, [1.0] * classes, [], _duplicates(images))
    agreed = torch.empty(len(labels), dtype=torch.bool, device=setup.device)
    for fold in range(FOLDS):
        of_fold = folds == fold
        odds = setup.predict(judges[1 - fold], images[of_fold]) / _shares(stage, 1 - fold, classes)
        agreed[of_fold] = odds.argmax(1) == labels[of_fold]
    acceptance = [float(agreed[labels == label].float().mean()) for label in range(classes)]
    images, labels, folds = images[agreed], labels[agreed], folds[agreed]
    diversity = _diversity(setup, stage, judges, images, labels, folds)
    return Pool(setup.space.hold(images, setup.device), labels, acceptance, diversity, _duplicates(images))


def _shares(stage: Stage, fold: int, classes: int) -> Tensor:
    """π (K,): the classes' shares among the real images of ``fold``; a class without any counts as half an image."""
    counts = torch.bincount(stage.known.labels[stage.folds == fold], minlength=classes).clamp(min=0.5)
    return counts / counts.sum()


def _diversity(
    setup: Setup, stage: Stage, judges: list[nn.Module], images: Tensor, labels: Tensor, folds: Tensor
) -> list[float | None]:
    """Mean pairwise distance of kept images over that of real ones, a class: the mean over the folds that can tell."""
    ratios: list[list[float]] = [[] for _ in range(setup.task.classes)]
    generated = setup.space.hold(images, setup.device)
    for fold, judge in enumerate(reversed(judges)):  # the judge of the other fold: it saw none of this one's
        for label in range(setup.task.classes):
            real = ((stage.known.labels == label) & (stage.folds == fold)).nonzero().squeeze(1)[:MOST]
            made = ((labels == label) & (folds == fold)).nonzero().squeeze(1)[:MOST]
            of_real = mean_distance(_features(setup, judge, stage.known.images, real))
            of_made = mean_distance(_features(setup, judge, generated, made))
            if of_real and of_made is not None:
                ratios[label].append(of_made / of_real)
    return [sum(found) / len(found) if found else None for found in ratios]


@torch.no_grad()
def _features(setup: Setup, judge: nn.Module, images: Held, index: Tensor) -> Tensor:
    views = setup.space.unchanged(images.take(index))
    features: Tensor = judge.eval().features(views)  # type: ignore[operator]
    return features


def _duplicates(images: Tensor) -> float:
    if not len(images):
        return 0.0
    _, counts = torch.unique(images.flatten(1), dim=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(images))
