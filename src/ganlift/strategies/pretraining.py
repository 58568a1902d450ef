"""The step without labels, which `gan-features`, `rotation-features`, `simsiam` and their k-means forms begin with.

It trains the features of the run's classifier on all training images, as many images a step as any other arm sees,
with heads of its own that are thrown away afterwards. Before a probe it takes the generator's budget and counts
besides; where there are no labels at all it is all there is, and takes the classifier's.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from ganlift.data.mapped import items_together
from ganlift.strategies.base import ClassifierOptions, Setup, classifier_phase, search
from ganlift.training.phase import Phase, Step
from ganlift.training.pixels import Held, Stream


class PretrainOptions(BaseModel):
    """Settings of the step without labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pretrain_lr: float = Field(
        2e-3,
        gt=0,
        description="AdamW's learning rate of the step without labels",
        json_schema_extra=search(5e-4, 8e-3, log=True),
    )
    pretrain_weight_decay: float = Field(1e-4, ge=0, description="AdamW's weight decay of the step without labels")


def every_image(setup: Setup) -> Held:
    """All training images, labelled ones first, without their labels."""
    task = setup.task
    if not len(task.labelled) or not len(task.unlabelled):
        return setup.unlabelled
    return setup.space.hold(items_together(task.labelled, task.unlabelled), setup.device)


def pretraining_phase(
    setup: Setup,
    options: PretrainOptions,
    classifier: nn.Module,
    step: Step,
    *,
    heads: dict[str, nn.Module],
    beta1: float = 0.9,
    name: str = "pretraining",
    images: Held | None = None,
) -> Phase:
    """``step`` over every image, in the stream "unlabelled", for the generator's budget; it counts besides.

    ``images`` are all that it sees, where these are fewer.
    """
    settings = {"lr": options.pretrain_lr, "weight_decay": options.pretrain_weight_decay, "beta1": beta1}
    optimiser = ClassifierOptions.model_validate(settings)
    order = setup.rng.generator("unlabelled order", common=True)
    seen = every_image(setup) if images is None else images
    streams = {"unlabelled": Stream(seen, None, setup.budget.batch_size, order)}
    steps = setup.budget.generator_steps
    phase = classifier_phase(setup, optimiser, classifier, step, streams, name=name, steps=steps, heads=heads)
    phase.counts = "besides"
    return phase


def take_average(classifier: nn.Module, phase: Phase) -> None:
    """Put the averaged weights of a phase that is done into ``classifier``, which the phase trained."""
    classifier.load_state_dict(phase.averages["classifier"].module.state_dict())
