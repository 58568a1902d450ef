"""StyleGAN's mapping network (Karras et al. 2019, section 2): from a latent and a class to a style."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.equalised import GAIN, SLOPE, EqualisedLinear

RATE = 0.01
"""Its learning rate, as a share of the other layers'."""


class Mapping(nn.Module):
    """Latents (n, size) with a mean square of 1, and labels (n,), to styles (n, size).

    Args:
        size: of latents and styles.
        classes: conditions, embedded beside the latent; 0 for none.
        layers: linear, each with a leaky ReLU.
    """

    def __init__(self, size: int, classes: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, size) if classes else None
        inputs = [size * (2 if classes else 1)] + [size] * (layers - 1)
        self.layers = nn.ModuleList(EqualisedLinear(n, size, GAIN, RATE) for n in inputs)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, unit_mean_square(self.embedding(labels))], dim=1)
        for layer in self.layers:
            z = F.leaky_relu(layer(z), SLOPE)
        return z


def unit_mean_square(x: Tensor) -> Tensor:
    """Rows (n, d) scaled to a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)
