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
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class FixMatchOptions(ClassifierOptions):
    threshold: float = Field(
        0.8, ge=0, le=1, description="τ: confidence from which a guess counts", json_schema_extra=search(0.6, 0.95)
    )
    consistency_weight: float = Field(
        1.0, ge=0, description="λ_u: weight of the consistency loss", json_schema_extra=search(0.3, 3.0, log=True)
    )


@strategy(
    "fixmatch",
    kind="rival",
    summary="Confident guesses on weak views teach the strong views.",
    source="FixMatch: Sohn et al. 2020, eq. 3 and 4",
    options=FixMatchOptions,
    unlabelled="required",
)
def phases(setup: Setup, options: FixMatchOptions) -> Phases:
    """One forward for labelled, weak and strong views."""
    classifier = setup.new_classifier(options.dropout)
    rng, flips = setup.rng.generator("augmentation"), setup.task.flips

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y, u = batch["labelled"].x, batch["labelled"].y, batch["unlabelled"].x
        views = torch.cat([setup.labelled_view(x, options), weak(u, rng, flips), strong(u, rng, flips)])
        labelled, weak_view, strong_view = classifier(views).split([len(x), len(u), len(u)])
        loss = F.cross_entropy(labelled, y, label_smoothing=options.label_smoothing)
        consistency_loss = consistency(weak_view, strong_view, options.threshold)
        update("classifier", loss + options.consistency_weight * consistency_loss)
        return {"loss": loss.detach(), "consistency_loss": consistency_loss.detach()}

    streams = {"labelled": setup.labelled_stream(), "unlabelled": setup.unlabelled_stream()}
    phase = classifier_phase(setup, options, classifier, step, streams)
    yield phase
    return Outcome(phase.averages["classifier"].module)
