"""`mixup-drw`: mixed images and labels, and towards the end more weight for rare classes.

Mixup (Zhang et al. 2018) with deferred re-weighting (Cao et al. 2019, algorithm 1), as Cheng et al. 2023 put
them together: with shares λ ~ Beta(α, α), α = 1, an image is λ x_a + (1 - λ) x_b and its loss
λ w_a CE(a) + (1 - λ) w_b CE(b), the weights w being ones for 80 % of the steps and then class-balanced.

Different here: every image has a share of its own, not every batch one; the mean is over the weights (as in LDAM's
code), not over the images, so that Adam's step keeps its size when the weights set in; and images are augmented
before they are mixed like in every arm.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment import mixup
from ganlift.imbalance_losses import weighted_cross_entropy
from ganlift.strategies.base import (
    BOTH,
    ClassifierOptions,
    Outcome,
    Phases,
    Setup,
    choices,
    classifier_phase,
    search,
    shipped,
    strategy,
)
from ganlift.strategies.deferred import BETA, DEFER, deferred_weights
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


@shipped(
    lr=3.1e-3,
    weight_decay=5e-5,
    label_smoothing=0.1,
    policy="rand",
    mix_alpha=0.21,
    defer=0.71,
    beta=0.99,
    balance="off",
)
class MixupDrwOptions(ClassifierOptions):
    mix_alpha: float = Field(
        1.0, gt=0, description="Beta(alpha, alpha) of the mixing share", json_schema_extra=search(0.1, 2.0, log=True)
    )
    defer: float = Field(
        DEFER, ge=0, le=1, description="share of the steps before re-weighting", json_schema_extra=search(0.5, 0.9)
    )
    beta: float = Field(
        BETA,
        ge=0,
        lt=1,
        description="β of the class-balanced weights",
        json_schema_extra=choices(0.99, 0.999, 0.9999),
    )


@strategy(
    "mixup-drw",
    kind="rival",
    summary="Mixes of images; in the last steps rare classes weigh more.",
    source="Mixup (Zhang et al. 2018) with DRW (Cao et al. 2019, algorithm 1), as in Cheng et al. 2023",
    options=MixupDrwOptions,
    spaces=BOTH,
)
def phases(setup: Setup, options: MixupDrwOptions) -> Phases:
    """Weighted cross-entropy on mixes of augmented labelled images."""
    classifier = setup.new_classifier(options.dropout)
    rng = setup.rng.generator("augmentation")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x = setup.labelled_view(batch["labelled"].x, options)
        x, targets = mixup(x, F.one_hot(batch["labelled"].y, setup.task.classes).to(x.dtype), rng, options.mix_alpha)
        weights = deferred_weights(setup, t, options.defer, options.beta)
        loss = weighted_cross_entropy(classifier(x), targets, weights, options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    return Outcome(phase.averages["classifier"].module)
