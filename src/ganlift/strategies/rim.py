"""`rim`: answers are to tell as much as they can of the image (regularised information maximisation).

Krause et al. 2010, section 2: with p(x) the classifier's softmax, p̄ its mean over the batch and H the entropy, the
information that an answer has of its image is largest where

    L = mean H(p(x)) − λ · H(p̄)

is least: sure answers, and clusters of one size, which classes need not be. The regulariser is AdamW's weight decay.
Views are weak ones. What `catgan` adds to it is a generator.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor

from ganlift.losses import entropy_of_mean, mean_entropy
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, search, strategy
from ganlift.strategies.clusters import alone
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class RimOptions(PretrainOptions):
    balance: float = Field(
        2.0, ge=0, description="λ: weight of clusters of one size", json_schema_extra=search(1.0, 8.0, log=True)
    )


@strategy(
    "rim",
    kind="rival",
    summary="Without labels: sure answers, and clusters of one size.",
    source="RIM: Krause et al. 2010, section 2",
    options=RimOptions,
    unlabelled="required",
    labels=False,
    spaces=BOTH,
    vector_options={"pretrain_lr": 1.9e-3, "balance": 2.9},
)
def phases(setup: Setup, options: RimOptions) -> Phases:
    """Steps on all images, without labels."""
    classifier = setup.new_classifier()

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        logits = classifier(setup.weak(batch["unlabelled"].x)).float()
        sure, spread = mean_entropy(logits), entropy_of_mean(logits)
        loss = sure - options.balance * spread
        update("classifier", loss)
        return {"loss": loss.detach(), "entropy": sure.detach(), "cluster_entropy": spread.detach()}

    phase = alone(setup, pretraining_phase(setup, options, classifier, step, heads={}))
    yield phase
    return Outcome(phase.averages["classifier"].module)
