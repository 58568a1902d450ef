"""`kmeans-pixels`: clusters of the images as they are, the baseline of every arm without labels.

k-means (Lloyd 1982, started by k-means++: Arthur and Vassilvitskii 2007) on the first principal components of the
pixels, without any training: K clusters for K classes. Of large images the pixels are means of patches: the first
components are of low frequencies, and a covariance of 128 pixels a side takes gigabytes.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.strategies.base import Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, clustered_as_they_are

SIDE = 32
"""Pixels a side at most; larger images are brought to it."""


class KMeansPixelsOptions(KMeansOptions):
    components: int = Field(64, ge=1, description="principal components of the pixels that are kept")


def patches(x: Tensor) -> Tensor:
    """Images (n, c, h, w) as vectors (n, c·h·w), h and w at most `SIDE`."""
    if max(x.shape[-2:]) > SIDE:
        x = F.adaptive_avg_pool2d(x, SIDE)
    return x.flatten(1)


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
    return clustered_as_they_are(setup, patches, options.restarts, options.components)
