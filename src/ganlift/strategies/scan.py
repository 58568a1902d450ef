"""`scan`: neighbours are to be of one cluster, and clusters of one size (Van Gansbeke et al. 2020).

SCAN's second step, on features that another network has learned. With p(x) the classifier's softmax, N(x) the nearest
neighbours of x by the cosine, p̄ the mean of p over the batch and H the entropy, eq. 2:

    L = −mean log ⟨p(x), p(x′)⟩ − λ · H(p̄),      x′ drawn from N(x).

Views are weak ones. Without the entropy every image would soon be of one cluster; with it clusters are about as large
as one another, which classes need not be. The paper's third step, which trains on sure answers, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.losses import entropy_of_mean, neighbours_agree
from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, search, strategy
from ganlift.strategies.clusters import AsItIs, alone, some_images
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase
from ganlift.strategies.probe import features_of
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch

AT_ONCE = 1024
"""Rows of the table of likenesses that are held at once."""


class ScanOptions(PretrainOptions):
    neighbours: int = Field(20, ge=1, description="of each image; half a mean class's images where they are fewer")
    entropy: float = Field(
        5.0, ge=0, description="λ: weight of clusters of one size", json_schema_extra=search(1.0, 10.0, log=True)
    )


def nearest(vectors: Tensor, count: int) -> Tensor:
    """Indices (n, count) of the nearest neighbours of each of ``vectors`` (n, d) by the cosine, itself left out."""
    vectors, found = F.normalize(vectors, dim=1), []
    for part in torch.split(torch.arange(len(vectors), device=vectors.device), AT_ONCE):
        likeness = vectors[part] @ vectors.T
        likeness[torch.arange(len(part), device=part.device), part] = -torch.inf
        found.append(likeness.topk(count, dim=1).indices)
    return torch.cat(found)


@strategy(
    "scan",
    kind="rival",
    summary="Without labels: neighbours are to be of one cluster, and clusters of one size.",
    source="SCAN: Van Gansbeke et al. 2020, eq. 2",
    options=ScanOptions,
    unlabelled="required",
    labels=False,
    spaces=VECTORS,
    vector_options={},
)
def phases(setup: Setup, options: ScanOptions) -> Phases:
    """Neighbours by the vectors as they are, then steps on pairs of them."""
    images, classifier = some_images(setup), setup.new_classifier()
    count = max(1, min(options.neighbours, len(images) // (2 * setup.task.classes), len(images) - 1))
    neighbours = nearest(features_of(setup, AsItIs(nn.Identity()), images), count)
    rng = setup.rng.generator("neighbours")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        own = batch["unlabelled"].index
        drawn = torch.randint(count, (len(own),), generator=rng, device=own.device)
        pair = torch.cat([batch["unlabelled"].x, images.take(neighbours[own, drawn])])
        one, other = classifier(setup.weak(pair)).float().chunk(2)
        agreement, spread = neighbours_agree(one, other), entropy_of_mean(one)
        loss = agreement - options.entropy * spread
        update("classifier", loss)
        return {"loss": loss.detach(), "agreement": agreement.detach(), "cluster_entropy": spread.detach()}

    phase = alone(setup, pretraining_phase(setup, options, classifier, step, heads={}, images=images))
    yield phase
    return Outcome(phase.averages["classifier"].module)
