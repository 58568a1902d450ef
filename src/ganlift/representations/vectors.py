"""Features of a frozen network: each image as the vectors of a few views of it.

The first views are weak (the image, and its mirror where that keeps the class), the others crops after random
operations. Every vector is scaled to length √d, so that its values have mean square 1 whatever the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganlift.augment.draws import one_of, partners
from ganlift.classifiers.base import ClassifierSpec
from ganlift.classifiers.mlp import NOISE
from ganlift.classifiers.resolve import resolve
from ganlift.data.mapped import Chosen, Items
from ganlift.generators.base import VectorShape
from ganlift.generators.judge import Judge
from ganlift.layers.feature_generator import HIDDEN, FeatureGenerator
from ganlift.layers.lengths import to_length


class Vectors:
    """(n, v, d) features that hand out float32 batches of vectors of length √d on a device.

    Those on the disk stay there where the device is the processor: see `ganlift.training.pixels.RESIDENT_BYTES`.
    """

    def __init__(self, items: Items | Tensor, device: torch.device) -> None:
        self.device = device
        self._held: Chosen | Tensor
        if isinstance(items, Chosen) and device.type == "cpu":
            self._held = items
        else:
            held = items if isinstance(items, Tensor) else torch.from_numpy(np.ascontiguousarray(items))
            self._held = held.to(device)
        self.shape = tuple(self._held.shape)

    def __len__(self) -> int:
        return int(self.shape[0])

    def subset(self, indices: Tensor) -> Vectors:
        """The items at ``indices`` (n,) as a set of their own."""
        if isinstance(self._held, Chosen):
            return Vectors(self._held.at(indices.numpy()), self.device)
        return Vectors(self._held[indices], self.device)

    def take(self, indices: Tensor) -> Tensor:
        """The vectors of the items at ``indices`` (n,), float32 (n, v, d), each of length √d."""
        if isinstance(self._held, Chosen):
            return to_length(torch.from_numpy(self._held[indices.numpy()]).float())
        return to_length(self._held[indices].float())


@dataclass(frozen=True)
class VectorSpace:
    """Vectors of ``width`` values; the first ``weak_views`` of an item's views change little.

    ``positive`` says that no feature is below zero, as after a ReLU: then no generated one is either. ``views`` are
    those of an item.
    """

    width: int
    weak_views: int
    positive: bool
    views: int = 1
    name: str = "vectors"

    def hold(self, items: Items | Tensor, device: torch.device) -> Vectors:
        return Vectors(items, device)

    def plain(self, items: Tensor) -> Tensor:
        return first_view(items)

    def unchanged(self, x: Tensor) -> Tensor:
        return x[:, 0]

    def weak(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return one_of(x[:, : self.weak_views], rng)

    def strong(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return one_of(x[:, self.weak_views :] if x.shape[1] > self.weak_views else x, rng)

    def labelled(self, x: Tensor, policy: str, rng: torch.Generator) -> Tensor:
        """Any view; with the policy "none" a weak one."""
        return one_of(x[:, : self.weak_views] if policy == "none" else x, rng)

    def genuine(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return self.weak(x, rng)

    def alike(self, views: Tensor, rng: torch.Generator) -> Tensor:
        """Gaussian noise, as at the input of the classifier (instance noise: Sønderby et al. 2017)."""
        return views + NOISE * torch.randn(views.shape, generator=rng, device=views.device)

    def items(self, views: Tensor) -> Tensor:
        """The same vector as every view, without a copy: batches of real and generated items go together."""
        return views[:, None].expand(-1, self.views, -1)

    def mixes(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Mixes of three, their shares Dirichlet(1, 1, 1)."""
        x = self.weak(x, rng)
        shares = -torch.rand((3, len(x), 1), generator=rng, device=x.device).clamp(min=1e-9).log()
        others = [x[partners(len(x), rng, x.device)] for _ in range(2)]
        return to_length(((shares / shares.sum(0)) * torch.stack([x, *others])).sum(0))

    def classifier(self, spec: ClassifierSpec, classes: int, dropout: float) -> nn.Module:
        return resolve(spec).build(self.width, 1, classes, dropout)

    def generator(self, latent_size: int, classes: int) -> FeatureGenerator:
        return FeatureGenerator(self.width, latent_size, positive=self.positive, classes=classes)

    def discriminator(self, classes: int) -> Judge:
        """Two hidden layers, as wide as those of the joint arms' generator."""
        layers: list[nn.Module] = []
        for inside in (self.width, HIDDEN):
            layers += [spectral_norm(nn.Linear(inside, HIDDEN)), nn.LeakyReLU(0.2)]
        return Judge(nn.Sequential(*layers), HIDDEN, classes, spectral_norm)

    def shape(self, classes: int) -> VectorShape:
        return VectorShape(self.width, classes, self.positive)


def first_view(items: Tensor) -> Tensor:
    """The first view of each item (n, v, d), float32 (n, d) of length √d: what is scored."""
    return to_length(items[:, 0].float())
