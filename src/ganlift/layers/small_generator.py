"""A small transposed-convolution generator for joint training, where it runs in every classifier step."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SmallGenerator(nn.Module):
    """Latent (n, latent_size) and, where conditional, labels (n,) to images (n, c, size, size) in [-1, 1].

    Linear to a quarter of the size, then two transposed convolutions that double it, BatchNorm and ReLU
    between, tanh at the end; N(0, 0.02) initial weights as in DCGAN (Radford et al. 2016).

    Args:
        channels, size: of the images; ``size`` is a multiple of 4.
        latent_size: of the noise.
        width: channels before the last layer; 4 and 2 times as many before it.
        classes: conditions, embedded and added to the noise; 0 for an unconditional generator.
    """

    def __init__(self, channels: int, size: int, latent_size: int = 64, width: int = 16, classes: int = 0) -> None:
        super().__init__()
        self.latent_size, self.classes = latent_size, classes
        self._start = (4 * width, size // 4, size // 4)
        self.embedding = nn.Embedding(classes, latent_size) if classes else None
        self.input = nn.Linear(latent_size, 4 * width * (size // 4) ** 2)
        self.body = nn.Sequential(
            nn.BatchNorm2d(4 * width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(4 * width, 2 * width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, channels, 3, padding=1),
            nn.Tanh(),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.embedding is not None:
            assert labels is not None
            latent = latent + self.embedding(labels)
        images: Tensor = self.body(self.input(latent).view(-1, *self._start))
        return images


def draw_latent(n: int, latent_size: int, rng: torch.Generator) -> Tensor:
    """Standard normal noise (n, latent_size) on the generator's device."""
    return torch.randn(n, latent_size, generator=rng, device=rng.device)
