"""`fixmatch-generated`: FixMatch, with generated images among the unlabelled ones.

Sohn et al. 2020, eq. 4, on U ∪ G, where G are samples of a generator that learned the labelled and unlabelled images
in a stage before: L = CE(labelled) + λ_u / |u| · Σ over u and g of 1[max q ≥ τ] · CE(argmax q, p(strong)). Each image
counts the same, and real ones as much as in `fixmatch`. What the generator was asked for is not used: an image without
a label carries no wrong one, which is what two-stage augmentation suffers from, and what is unlike any class is not
guessed with confidence and teaches nothing. The rival is `fixmatch`.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, search, strategy
from ganlift.strategies.fixmatch import FixMatchOptions
from ganlift.strategies.generation import generator_stage, restandardise
from ganlift.strategies.pool import draw_pool
from ganlift.strategies.terms import guesses, semi_phase
from ganlift.training.pixels import Stream


class FixMatchGeneratedOptions(FixMatchOptions):
    ratio: float = Field(
        0.5,
        gt=0,
        le=4,
        description="generated images a real unlabelled one in each step",
        json_schema_extra=search(0.25, 1.0),
    )
    pool: int = Field(300, gt=0, description="images generated a class")


@strategy(
    "fixmatch-generated",
    kind="gan",
    summary="Two stages: generated images are further unlabelled ones for FixMatch.",
    source="Sohn et al. 2020, eq. 4, on real and generated images",
    options=FixMatchGeneratedOptions,
    unlabelled="required",
    folds=1,
    spaces=BOTH,
)
def phases(setup: Setup, options: FixMatchGeneratedOptions) -> Phases:
    """Generator, then FixMatch at the full budget."""
    stage = generator_stage(setup, folds=1)
    yield stage.phase
    restandardise(stage, setup.rng)
    pool = draw_pool(setup, stage, None, options.pool)
    unlabelled = options.unlabelled_ratio * setup.budget.batch_size
    count = max(1, round(options.ratio * unlabelled))
    stream = Stream(pool.images, pool.labels, count, setup.rng.generator("generated order"))
    guess = guesses(setup, options)
    guess = replace(guess, weight=guess.weight * (1 + count / unlabelled))  # it is a mean over u and g
    classifier = setup.new_classifier(options.dropout)
    phase = semi_phase(setup, options, classifier, [guess], ratio=options.unlabelled_ratio, unlabelled_too=stream)
    yield phase
    return Outcome(phase.averages["classifier"].module, pool.facts(), stage.phase.shared, stage.trained)
