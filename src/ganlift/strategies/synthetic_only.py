"""`synthetic-only`: a classifier that never sees a real image (CAS, Ravuri and Vinyals 2019).

Its accuracy on real test images, the classification accuracy score, says how much of the classes the
generator has caught. A control: nobody would use it, and everybody should know it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor

from ganlift.strategies.augment import ON_VECTORS, AugmentOptions, augmented_loss
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, strategy
from ganlift.strategies.generation import generator_stage, restandardise
from ganlift.strategies.pool import draw_pool
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch, Stream


class SyntheticOptions(AugmentOptions):
    pool: int = Field(500, gt=0, description="images generated a class")


@strategy(
    "synthetic-only",
    kind="control",
    summary="Generated images alone: the classification accuracy score of the generator.",
    source="CAS: Ravuri and Vinyals 2019",
    options=SyntheticOptions,
    unlabelled="optional",
    folds=1,
    spaces=BOTH,
    vector_options=ON_VECTORS,
)
def phases(setup: Setup, options: SyntheticOptions) -> Phases:
    """A generator of all labelled images, halved for no judge, then a classifier on its unfiltered samples."""
    stage = generator_stage(setup, folds=1)
    yield stage.phase
    restandardise(stage, setup.rng)
    pool = draw_pool(setup, stage, None, options.pool)
    classifier = setup.new_classifier(options.dropout)
    stream = Stream(pool.images, pool.labels, setup.budget.batch_size, setup.rng.generator("order"))

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        loss = augmented_loss(classifier, batch["generated"].x, batch["generated"].y, setup, options)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"generated": stream})
    yield phase
    return Outcome(phase.averages["classifier"].module, shared=stage.phase.shared, generator=stage.trained)
