"""`fixmatch`: confident guesses on weakly augmented images teach the strongly augmented ones.

Sohn et al. 2020, eq. 3 and 4: L = CE(labelled) + λ_u · mean 1[max q ≥ τ] · CE(argmax q, p(strong)), with
q the prediction on the weak view, without gradient. On short runs τ 0.7–0.8 instead of 0.95: a thousand
steps never reach the confidence that a million do. One unlabelled image a labelled one (μ = 1), so that
arms have equal batches.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment import strong, weak
from ganlift.losses import consistency
from ganlift.strategies.base import ClassifierOptions, Outcome, Phases, Setup, classifier_phase, search, strategy
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Stream


class FixMatchOptions(ClassifierOptions):
    threshold: float = Field(
        0.8, ge=0, le=1, description="τ: confidence from which a guess counts", json_schema_extra=search(0.6, 0.95)
    )
    consistency_weight: float = Field(
        1.0, ge=0, description="λ_u: weight of the consistency loss", json_schema_extra=search(0.3, 3.0, log=True)
    )


def fixmatch_phase(
    setup: Setup,
    options: FixMatchOptions,
    *,
    name: str = "classifier",
    steps: int | None = None,
    generated: Stream | None = None,
    weight: float = 0.0,
) -> Phase:
    """One forward for labelled, weak and strong views, and for ``generated`` images, whose loss counts ``weight``."""
    classifier = setup.new_classifier(options.dropout)
    rng, flips = setup.rng.generator("augmentation"), setup.task.flips
    streams = {"labelled": setup.labelled_stream(), "unlabelled": setup.unlabelled_stream()}
    if generated is not None:
        streams["generated"] = generated

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        u = batch["unlabelled"].x
        told = [batch[kind] for kind in ("labelled", "generated") if kind in batch]
        views = [*(setup.labelled_view(part.x, options) for part in told), weak(u, rng, flips), strong(u, rng, flips)]
        *logits, weak_view, strong_view = classifier(torch.cat(views)).split([len(view) for view in views])
        losses = [
            F.cross_entropy(given, part.y, label_smoothing=options.label_smoothing)
            for given, part in zip(logits, told, strict=True)
        ]
        consistency_loss = consistency(weak_view, strong_view, options.threshold)
        metrics = {"loss": losses[0].detach(), "consistency_loss": consistency_loss.detach()}
        total = losses[0] + options.consistency_weight * consistency_loss
        if generated is not None:
            metrics["generated_loss"] = losses[1].detach()
            total = total + weight * losses[1]
        update("classifier", total)
        return metrics

    return classifier_phase(setup, options, classifier, step, streams, name=name, steps=steps)


@strategy(
    "fixmatch",
    kind="rival",
    summary="Confident guesses on weak views teach the strong views.",
    source="FixMatch: Sohn et al. 2020, eq. 3 and 4",
    options=FixMatchOptions,
    unlabelled="required",
)
def phases(setup: Setup, options: FixMatchOptions) -> Phases:
    """See `fixmatch_phase`."""
    phase = fixmatch_phase(setup, options)
    yield phase
    return Outcome(phase.averages["classifier"].module)
