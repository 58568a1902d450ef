"""`dpt`: dual pseudo training (You et al. 2023): pseudo-labels for a generator, pseudo-images for a classifier.

Three stages, as in the paper:

1. A semi-supervised classifier, here `fixmatch`, gives every unlabelled image a label, however unsure it is.
2. A conditional generator learns all images with these labels; labelled images keep their own.
3. A new classifier is trained as in stage 1, generated images with the classes they were asked for joining the
   labelled ones: L = CE(labelled) + w · CE(generated) + λ_u · consistency(unlabelled), in one forward.

What differs: a GAN for a diffusion model; in stage 3 the generated images have a share of the batch and a weight of
their own, where the authors' code for CIFAR-10 puts them into the labelled set, so that equally many real labelled
images are seen as in every other arm; and they pass the cross-fitted filter of `ganlift.strategies.pool` first. Its
folds are of all images, pseudo-labels included: a judge of one half says what it makes of images whose condition was
learned from the other. The labels themselves all come from the one teacher; the filter cannot mend its mistakes.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from pydantic import Field
from torch import Tensor, nn

from ganlift.data.mapped import items_together
from ganlift.strategies.augment import AugmentOptions
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, search, strategies, strategy
from ganlift.strategies.fixmatch import FixMatchOptions
from ganlift.strategies.generation import FOLDS, Known, generator_stage, restandardise
from ganlift.strategies.options import build_options
from ganlift.strategies.pool import draw_pool, judge_phase
from ganlift.strategies.terms import Generated, guesses, semi_phase
from ganlift.training.pixels import Stream
from ganlift.training.rng import Rng

CHUNK = 5000


class DptOptions(FixMatchOptions):
    weight: float = Field(
        0.5, gt=0, description="w: weight of generated images", json_schema_extra=search(0.1, 1.0, log=True)
    )
    ratio: float = Field(1.0, gt=0, le=4, description="generated images a real labelled one in the batch")
    teacher_share: float = Field(1.0, gt=0, le=4, description="steps of the teacher, as a share of the budget")
    fold_share: float = Field(0.3, gt=0, le=1, description="steps of a fold's classifier, as a share of the budget")
    pool: int = Field(300, gt=0, description="images generated a class, before the filter")
    filtered: bool = Field(True, description="whether generated images pass the cross-fitted filter")


def pseudo_labelled(setup: Setup, teacher: nn.Module) -> Known:
    """All images: the labelled ones with their labels, the unlabelled ones with the teacher's guesses."""
    unlabelled = setup.task.unlabelled
    labels: list[Tensor] = [setup.labels]
    for start in range(0, len(unlabelled), CHUNK):
        items = torch.from_numpy(unlabelled[start : start + CHUNK]).to(setup.device)
        labels.append(setup.predict(teacher, items).argmax(1))
    images = items_together(setup.task.labelled, unlabelled)
    return Known(setup.space.hold(images, setup.device), torch.cat(labels))


@strategy(
    "dpt",
    kind="gan",
    summary="A semi-supervised teacher labels images for a generator, whose samples teach its successor.",
    source="Dual pseudo training: You et al. 2023",
    options=DptOptions,
    unlabelled="required",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: DptOptions) -> Phases:
    """Teacher, generator, judges of its samples, and the classifier at the full budget."""
    apart = replace(setup, rng=Rng(setup.rng.seed, f"{setup.rng.owner}/teacher", setup.device))
    steps, ratio = max(1, round(setup.budget.steps * options.teacher_share)), options.unlabelled_ratio
    teacher = apart.new_classifier(options.dropout, name="teacher")
    teaching = semi_phase(apart, options, teacher, [guesses(apart, options)], name="teacher", steps=steps, ratio=ratio)
    teaching.counts = "besides"
    yield teaching
    known = pseudo_labelled(setup, teaching.averages["classifier"].module)
    stage = generator_stage(setup, known=known)
    yield stage.phase
    restandardise(stage, setup.rng)
    plain = build_options(strategies.get("augment"), {"dropout": options.dropout}, setup.space.name)
    assert isinstance(plain, AugmentOptions)
    judges: list[nn.Module] = []
    for fold in range(FOLDS) if options.filtered else ():
        phase = judge_phase(setup, plain, stage, fold, options.fold_share)
        yield phase
        judges.append(phase.averages["classifier"].module)
    pool = draw_pool(setup, stage, judges or None, options.pool)
    generated = None
    if len(pool.labels):
        count = max(1, round(options.ratio * setup.budget.batch_size))
        order = setup.rng.generator("generated order")
        generated = Generated(Stream(pool.images, pool.labels, count, order), options.weight)
    classifier = setup.new_classifier(options.dropout)
    phase = semi_phase(setup, options, classifier, [guesses(setup, options)], ratio=ratio, generated=generated)
    yield phase
    counts = torch.bincount(known.labels[len(setup.labels) :], minlength=setup.task.classes).tolist()
    facts = {**pool.facts(), "filtered": options.filtered, "pseudo_labels": counts}
    return Outcome(phase.averages["classifier"].module, facts, generator=stage.trained)
