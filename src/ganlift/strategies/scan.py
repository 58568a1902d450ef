"""`scan`: neighbours are to be of one cluster, and clusters of one size (Van Gansbeke et al. 2020).

SCAN's second step, on features that another network has learned: the loss of `ganlift.strategies.neighbourhood`, in
weak views, and nothing else. The paper's third step, which trains on sure answers, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from ganlift.losses import entropy_of_mean, neighbours_agree
from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, search, strategy
from ganlift.strategies.clusters import alone, some_images
from ganlift.strategies.neighbourhood import nearest, one_of
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class ScanOptions(PretrainOptions):
    neighbours: int = Field(20, ge=1, description="of each image; half a mean class's images where they are fewer")
    entropy: float = Field(
        5.0, ge=0, description="β: weight of clusters of one size", json_schema_extra=search(1.0, 10.0, log=True)
    )


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
    neighbours, rng = nearest(setup, images, options.neighbours), setup.rng.generator("neighbours")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        u = batch["unlabelled"]
        pair = torch.cat([u.x, images.take(one_of(neighbours, u.index, rng))])
        one, other = classifier(setup.weak(pair)).float().chunk(2)
        agreement, spread = neighbours_agree(one, other), entropy_of_mean(one)
        loss = agreement - options.entropy * spread
        update("classifier", loss)
        return {"loss": loss.detach(), "agreement": agreement.detach(), "cluster_entropy": spread.detach()}

    phase = alone(setup, pretraining_phase(setup, options, classifier, step, heads={}, images=images))
    yield phase
    return Outcome(phase.averages["classifier"].module)
