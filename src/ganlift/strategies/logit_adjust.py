"""`logit-adjust`: the classes' shares go into the loss, so that the classifier need not learn them.

Menon et al. 2021, the logit-adjusted softmax cross-entropy: with logits f and the classes' shares π among the labelled
images, the loss is the cross-entropy of f + τ log π, and predictions are by f alone: what is learnt is right for
classes that are equally frequent (at τ = 1). Where they are so already, it is `augment`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor

from ganlift.imbalance_losses import with_prior
from ganlift.losses import soft_cross_entropy
from ganlift.strategies.augment import AugmentOptions, augmented
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, search, shipped, strategy
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


# The prior is that of images drawn as they come; smoothing holds against the margins that it makes.
@shipped(lr=1.7e-3, weight_decay=5e-4, policy="trivial", mix="none", balance="off", label_smoothing=0.0)
class LogitAdjustOptions(AugmentOptions):
    tau: float = Field(
        1.0, ge=0, description="τ: how much of the classes' shares is taken out", json_schema_extra=search(0.5, 2.0)
    )


@strategy(
    "logit-adjust",
    kind="rival",
    summary="The classes' frequencies are added to the logits in training and left out afterwards.",
    source="Logit-adjusted loss: Menon et al. 2021",
    options=LogitAdjustOptions,
    spaces=BOTH,
)
def phases(setup: Setup, options: LogitAdjustOptions) -> Phases:
    """Cross-entropy of adjusted logits on augmented labelled images."""
    classifier = setup.new_classifier(options.dropout)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, targets = augmented(batch["labelled"].x, batch["labelled"].y, setup, options)
        logits = with_prior(classifier(x), setup.class_counts, options.tau)
        loss = soft_cross_entropy(logits, targets, options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    return Outcome(phase.averages["classifier"].module)
