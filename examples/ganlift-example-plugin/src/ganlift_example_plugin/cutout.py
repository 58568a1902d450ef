"""`example-cutout`: ordinary training with a square of each image blanked out (DeVries and Taylor 2017)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.strategies.base import ClassifierOptions, Outcome, Phases, Setup, classifier_phase, search, strategy
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class CutoutOptions(ClassifierOptions):
    share: float = Field(
        0.25,
        gt=0,
        lt=1,
        description="side of the square, as a share of the image's",
        json_schema_extra=search(0.1, 0.6),
    )


def cutout(x: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Blank a square of side ``share`` × size at a random place of each image; ``x`` is (n, c, h, w) in [-1, 1]."""
    n, _, height, width = x.shape
    side = max(1, round(share * height))
    top = torch.randint(height - side + 1, (n, 1, 1), generator=rng, device=x.device)
    left = torch.randint(width - side + 1, (n, 1, 1), generator=rng, device=x.device)
    rows = torch.arange(height, device=x.device).view(1, -1, 1)
    columns = torch.arange(width, device=x.device).view(1, 1, -1)
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return x.masked_fill(inside[:, None], 0.0)


@strategy(
    "example-cutout",
    kind="rival",
    summary="Ordinary training with a square of each image blanked out.",
    source="Cutout: DeVries and Taylor 2017",
    options=CutoutOptions,
)
def phases(setup: Setup, options: CutoutOptions) -> Phases:
    """One phase: CE(labelled, cut)."""
    classifier = setup.new_classifier(options.dropout)
    rng = setup.rng.generator("cutout")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x = cutout(setup.labelled_view(batch["labelled"].x, options), options.share, rng)
        loss = F.cross_entropy(classifier(x), batch["labelled"].y, label_smoothing=options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream()})
    yield phase
    return Outcome(phase.averages["classifier"].module)
