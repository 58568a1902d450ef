"""`example-mean`: each class's mean image with noise around it, learned by gradient descent.

The generator minimises the squared distance between its image of a class and real ones, so that it ends at their mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from ganlift.generators.base import GenerativeModel, GeneratorEntry, ImageShape, Update
from ganlift.generators.common import draw

LATENT = 16


class MeanOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    lr: float = Field(0.05, gt=0, description="Adam's learning rate")
    noise: float = Field(0.1, ge=0, description="standard deviation of the noise around the mean")


class Images(nn.Module):
    """Latents (n, 16) and classes (n,) to images: the class's mean and a random pattern."""

    def __init__(self, shape: ImageShape, noise: float) -> None:
        super().__init__()
        self.size = (shape.channels, shape.size, shape.size)
        pixels = shape.channels * shape.size * shape.size
        self.means = nn.Embedding(max(1, shape.classes), pixels)
        self.register_buffer("patterns", noise * torch.randn(LATENT, pixels) / LATENT**0.5)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        patterns = cast(Tensor, self.patterns)
        return torch.tanh(self.means(labels.clamp(min=0)) + z @ patterns).view(-1, *self.size)


class Mean:
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: MeanOptions, device: torch.device) -> None:
        self.shape, self.latent_size = shape, LATENT
        self._images = Images(shape, options.noise).to(device)
        self._optimizer = Adam(self._images.parameters(), options.lr)

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self._images}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"generator": self._optimizer}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        z = torch.randn(len(real), LATENT, generator=rng, device=real.device)
        known = labels >= 0 if self.shape.classes else torch.ones_like(labels, dtype=torch.bool)
        loss = (
            F.mse_loss(self._images(z, labels)[known], real[known])
            if known.any()
            else self._images(z, labels).sum() * 0
        )
        update("generator", loss)
        return {"g_loss": loss.detach()}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._images, self.shape, LATENT, n, labels, rng)


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> GenerativeModel:
    """A `Mean` for ``shape``."""
    return Mean(shape, cast(MeanOptions, options), device)


entry = GeneratorEntry("example-mean", "Each class's mean image and noise.", "an example", MeanOptions, build)
