"""`kmeans`: clusters of vectors as they are, the baseline of every arm without labels on features and on rows.

k-means (Lloyd 1982, started by k-means++: Arthur and Vassilvitskii 2007) on the first principal components, without
any training: K clusters for K classes.
"""

from __future__ import annotations

from pydantic import Field
from torch import nn

from ganlift.strategies.base import VECTORS, Phases, Setup, strategy
from ganlift.strategies.clusters import KMeansOptions, clustered_as_they_are


class VectorKMeansOptions(KMeansOptions):
    components: int = Field(64, ge=1, description="principal components of the vectors that are kept")


@strategy(
    "kmeans",
    kind="baseline",
    summary="Without labels: k-means on the features of a frozen network, or on rows.",
    source="k-means: Lloyd 1982; k-means++: Arthur and Vassilvitskii 2007",
    options=VectorKMeansOptions,
    unlabelled="required",
    labels=False,
    spaces=VECTORS,
)
def phases(setup: Setup, options: VectorKMeansOptions) -> Phases:
    """No phase: k-means takes no step."""
    yield from ()
    return clustered_as_they_are(setup, nn.Identity(), options.restarts, options.components)
