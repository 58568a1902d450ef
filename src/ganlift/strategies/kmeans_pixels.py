"""`kmeans-pixels`: clusters of the images as they are, the baseline of every arm without labels.

k-means (Lloyd 1982, started by k-means++: Arthur and Vassilvitskii 2007) on the first principal components of the
pixels, without any training: K clusters for K classes. Of large images the pixels are means of patches: the first
components are of low frequencies, and a covariance of 128 pixels a side takes gigabytes.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.strategies.base import Outcome, Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, k_means, some_images
from ganlift.strategies.probe import features_of

SIDE = 32
"""Pixels a side at most; larger images are brought to it."""


class KMeansPixelsOptions(KMeansOptions):
    components: int = Field(64, ge=1, description="principal components of the pixels that are kept")


class OfPixels(nn.Module):
    """A classifier whose features are the pixels themselves, (n, c·h·w), h and w at most `SIDE`."""

    def __init__(self) -> None:
        super().__init__()
        self.head: nn.Module = nn.Identity()
        self.feature_size = 0

    def features(self, x: Tensor) -> Tensor:
        if max(x.shape[-2:]) > SIDE:
            x = F.adaptive_avg_pool2d(x, SIDE)
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
    classifier = OfPixels()
    pixels = features_of(setup, classifier, some_images(setup))
    classifier.feature_size = pixels.shape[1]
    classifier.head = k_means(setup, pixels, options.restarts, components=options.components, sphere=False)
    return Outcome(classifier, rebuildable=False)
