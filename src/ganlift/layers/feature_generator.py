"""A small generator of feature vectors for joint training."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.lengths import to_length

HIDDEN = 256


class FeatureGenerator(nn.Module):
    """Latent (n, latent_size) and, where conditional, labels (n,) to vectors (n, width) of length √width.

    Two hidden layers with BatchNorm and LeakyReLU, as the generator of f-CLSWGAN has one (Xian et al. 2018, section
    4); where features are ``positive`` a softplus keeps them so.

    Args:
        width: values a vector.
        latent_size: of the noise.
        positive: whether no value may be below zero.
        classes: conditions, embedded and added to the noise; 0 for an unconditional generator.
    """

    def __init__(self, width: int, latent_size: int = 64, *, positive: bool = True, classes: int = 0) -> None:
        super().__init__()
        self.latent_size, self.classes, self.positive = latent_size, classes, positive
        self.embedding = nn.Embedding(classes, latent_size) if classes else None
        layers: list[nn.Module] = []
        for inside in (latent_size, HIDDEN):
            layers += [nn.Linear(inside, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Linear(HIDDEN, width))

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.embedding is not None:
            assert labels is not None
            latent = latent + self.embedding(labels)
        made = self.body(latent)
        return to_length(F.softplus(made) if self.positive else made)
