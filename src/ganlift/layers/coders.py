"""Images to a vector and back, for `vae` and `autoencoder`: DCGAN's strided layers with class-conditional BatchNorm.

An unknown class, the label -1, has scales and shifts of its own. So images without a label teach what images look like,
and a known class is never told something false about itself.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.conditional_norm import ConditionalBatchNorm


def rows(labels: Tensor, classes: int) -> Tensor:
    """Labels (n,), the unknown ones, -1, as the row after the last class."""
    return torch.where(labels < 0, classes, labels)


class Encoder(nn.Module):
    """Images (n, channels, size, size) and labels (n,), -1 where unknown, to (n, outputs).

    Args:
        classes: number of classes, 0 for none.
        base, doublings: the smallest plane's side, and how often a side is halved to get there.
        width: channels next to the image; each halving doubles them.
    """

    def __init__(self, channels: int, classes: int, base: int, doublings: int, width: int, outputs: int) -> None:
        super().__init__()
        self._classes = classes
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for _ in range(doublings):
            self.convolutions.append(nn.Conv2d(channels, width, 4, 2, 1, bias=False))
            self.norms.append(ConditionalBatchNorm(width, classes + 1 if classes else 0))
            channels, width = width, 2 * width
        self.head = nn.Linear(channels * base**2, outputs)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        known = rows(labels, self._classes)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.leaky_relu(norm(convolution(x), known), 0.2)
        code: Tensor = self.head(x.flatten(1)).float()
        return code


class Decoder(nn.Module):
    """Latents (n, latent) and labels (n,), -1 where unknown, to images (n, channels, size, size) in [-1, 1].

    The label's embedding of ``embedding`` values stands beside the latent; the other arguments are those of `Encoder`.
    """

    def __init__(
        self, channels: int, classes: int, base: int, doublings: int, width: int, latent: int, embedding: int = 32
    ) -> None:
        super().__init__()
        self._classes, self._base = classes, base
        conditions = classes + 1 if classes else 0
        width *= 2 ** (doublings - 1)
        self.embedding = nn.Embedding(conditions, embedding) if classes else None
        self.project = nn.Linear(latent + (embedding if classes else 0), width * base**2)
        self.norms = nn.ModuleList([ConditionalBatchNorm(width, conditions)])
        self.convolutions = nn.ModuleList()
        for _ in range(doublings - 1):
            self.convolutions.append(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False))
            self.norms.append(ConditionalBatchNorm(width // 2, conditions))
            width //= 2
        self.convolutions.append(nn.ConvTranspose2d(width, channels, 4, 2, 1))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        known = rows(labels, self._classes)
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(known)], dim=1)
        h = self.project(z).unflatten(1, (-1, self._base, self._base))
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            h = convolution(F.relu(norm(h, known)))
        return torch.tanh(h)
