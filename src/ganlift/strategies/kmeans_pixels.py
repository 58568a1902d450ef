"""`kmeans-pixels`: clusters of the images as they are, the baseline of every arm without labels.

k-means (Lloyd 1982, started by k-means++: Arthur and Vassilvitskii 2007) on the first principal components of the
pixels, without any training: K clusters for K classes.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from ganlift.strategies.base import Outcome, Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, k_means, some_images


class KMeansPixelsOptions(KMeansOptions):
    components: int = Field(64, ge=1, description="principal components of the pixels that are kept")


class OfPixels(nn.Module):
    """A classifier whose features are the pixels themselves, (n, c·h·w)."""

    def __init__(self, head: nn.Module, feature_size: int) -> None:
        super().__init__()
        self.head = head
        self.feature_size = feature_size

    def features(self, x: Tensor) -> Tensor:
        return x.flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


@strategy(
    "kmeans-pixels",
    kind="baseline",
    summary="Without labels: k-means on the pixels.",
    source="k-means: Lloyd 1982; k-means++: Arthur and Vassilvitskii 2007",
    options=KMeansPixelsOptions,
    unlabelled="required",
    labels=False,
)
def phases(setup: Setup, options: KMeansPixelsOptions) -> Phases:
    """No phase: k-means takes no step."""
    yield from ()
    images = some_images(setup)
    pixels = setup.space.unchanged(images.take(torch.arange(len(images), device=setup.device))).flatten(1)
    head = k_means(setup, pixels, options.restarts, components=options.components, sphere=False)
    return Outcome(OfPixels(head, pixels.shape[1]), rebuildable=False)
