"""`class-weights`: rare classes weigh more in the loss.

Cui et al. 2019: with n_k labelled images of class k, its loss is weighted as (1 - β) / (1 - β^n_k), one over
the effective number of images; as 1 / n_k with ``scheme`` "inverse", the limit of β to 1. Here the weighted mean is
over the weights of the batch, not over its images: the gradient keeps its size when a batch has common classes alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field
from torch import Tensor

from ganlift.imbalance_losses import effective_number_weights, inverse_frequency_weights, weighted_cross_entropy
from ganlift.strategies.augment import AugmentOptions, augmented
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, choices, classifier_phase, shipped, strategy
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


# Its weights are for images drawn as they come.
@shipped(lr=1.7e-3, weight_decay=5e-4, policy="trivial", mix="none", balance="off")
class ClassWeightsOptions(AugmentOptions):
    scheme: Literal["effective", "inverse"] = Field(
        "effective",
        description="weights by the effective number of images, or by the number itself",
        json_schema_extra=choices("effective", "inverse"),
    )
    beta: float = Field(
        0.999,
        ge=0,
        lt=1,
        description="β: towards 1 the effective number is the number",
        json_schema_extra=choices(0.9, 0.99, 0.999, 0.9999),
    )


@strategy(
    "class-weights",
    kind="rival",
    summary="Rare classes weigh more in the loss.",
    source="Class-balanced loss: Cui et al. 2019",
    options=ClassWeightsOptions,
    spaces=BOTH,
)
def phases(setup: Setup, options: ClassWeightsOptions) -> Phases:
    """Weighted cross-entropy on augmented labelled images."""
    classifier, counts = setup.new_classifier(options.dropout), setup.class_counts
    inverse = options.scheme == "inverse"
    weights = inverse_frequency_weights(counts) if inverse else effective_number_weights(counts, options.beta)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, targets = augmented(batch["labelled"].x, batch["labelled"].y, setup, options)
        loss = weighted_cross_entropy(classifier(x), targets, weights, options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    return Outcome(phase.averages["classifier"].module, {"class_weights": weights.tolist()})
