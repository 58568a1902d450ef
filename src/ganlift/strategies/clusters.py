"""What the arms without any label share: k-means on features, and its centroids as a classifier's head.

Cluster k of K, the number of classes, is logit k; which class a cluster is, is found out where it is scored
(`ganlift.measures.clusters`), and the arm never knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from pydantic import BaseModel, ConfigDict, Field
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.strategies.base import Outcome, Setup
from ganlift.strategies.pretraining import every_image, take_average
from ganlift.strategies.probe import features_of
from ganlift.training.phase import Phase
from ganlift.training.pixels import Held

MOST_IMAGES = 10_000
"""Images, at most, that k-means is run on, drawn at random."""


class KMeansOptions(BaseModel):
    """Settings of k-means, and no others: nothing here is chosen with labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    restarts: int = Field(10, ge=1, description="starts of k-means, of which the tightest clusters are kept")


class NearestCentroid(nn.Module):
    """Features (n, d) to logits (n, K): −‖z − c_k‖² / m, with z the features less their mean, turned and scaled.

    m is the mean squared distance of the images that made the clusters to their own centroid, so that probabilities do
    not depend on the scale of the features. ``unit`` puts z on the unit sphere.
    """

    mean: Tensor
    turn: Tensor
    centroids: Tensor
    spread: Tensor

    def __init__(self, mean: Tensor, turn: Tensor, centroids: Tensor, spread: Tensor, unit: bool) -> None:
        super().__init__()
        for name, value in {"mean": mean, "turn": turn, "centroids": centroids, "spread": spread}.items():
            self.register_buffer(name, value)
        self.unit = unit

    def place(self, features: Tensor) -> Tensor:
        """z (n, m) of features (n, d)."""
        z = (features.float() - self.mean) @ self.turn
        return F.normalize(z, dim=1) if self.unit else z

    def forward(self, features: Tensor) -> Tensor:
        return -torch.cdist(self.place(features), self.centroids).square() / self.spread


class AsItIs(nn.Module):
    """A classifier whose features are its input, as ``read`` makes vectors (n, d) of it."""

    def __init__(self, read: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.head: nn.Module = nn.Identity()
        self.feature_size = 0
        self.features = read

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def some_images(setup: Setup) -> Held:
    """All training images without their labels, or `MOST_IMAGES` of them, drawn with the arm's seed."""
    every = every_image(setup)
    if len(every) <= MOST_IMAGES:
        return every
    order = torch.randperm(len(every), generator=setup.rng.generator("k-means images"), device=setup.device)
    return every.subset(order[:MOST_IMAGES])


def k_means(setup: Setup, features: Tensor, restarts: int, *, components: int, sphere: bool) -> NearestCentroid:
    """K clusters of ``features`` (n, d) on their first principal components, as a head.

    With ``sphere`` the components are scaled to one variance each and every image to length one before (as in
    DeepCluster: Caron et al. 2018, section 4): else a few strong features decide alone.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    values = features.double().cpu().numpy()
    least = min(components, *values.shape)
    with threadpool_limits(1):  # sums in one order: the same seed gives the same clusters
        axes = PCA(least, svd_solver="full").fit(values)
        scale = (axes.explained_variance_.clip(1e-12) ** -0.5) if sphere else 1.0
        turn = torch.from_numpy(axes.components_.T * scale).float().to(features.device)
        head = NearestCentroid(
            torch.from_numpy(axes.mean_).float().to(features.device),
            turn,
            torch.zeros(setup.task.classes, least, device=features.device),
            torch.ones((), device=features.device),
            sphere,
        )
        seed = setup.rng.derive("k-means") % 2**32
        placed = head.place(features).double().cpu().numpy()
        found = KMeans(setup.task.classes, n_init=restarts, random_state=seed).fit(placed)
    head.centroids.copy_(torch.from_numpy(found.cluster_centers_))
    head.spread.fill_(max(found.inertia_ / len(placed), 1e-12))
    return head


def clustered_as_they_are(setup: Setup, read: Callable[[Tensor], Tensor], restarts: int, components: int) -> Outcome:
    """The outcome of k-means on the first ``components`` of what ``read`` makes of images, without any training."""
    classifier = AsItIs(read)
    features = features_of(setup, classifier, some_images(setup))
    classifier.feature_size = features.shape[1]
    classifier.head = k_means(setup, features, restarts, components=components, sphere=False)
    return Outcome(classifier, rebuildable=False)


def alone(setup: Setup, phase: Phase) -> Phase:
    """The step without labels as the whole of an arm: on the classifier's budget, and counted as such."""
    return replace(phase, steps=setup.budget.steps, counts="classifier")


def clustered(setup: Setup, phase: Phase, classifier: nn.Module, restarts: int) -> Outcome:
    """The outcome of k-means on the features that ``phase`` has trained."""
    take_average(classifier, phase)
    classifier.eval()
    features = features_of(setup, classifier, some_images(setup))
    classifier.head = k_means(setup, features, restarts, components=features.shape[1], sphere=True)
    return Outcome(classifier, rebuildable=False)
