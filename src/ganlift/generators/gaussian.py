"""`gaussian`: a normal distribution of a class's pixels, or features, which every other generator must beat.

With images x_1 ... x_n of class y kept, their mean μ_y and independent z_i, z'_j ~ N(0, 1), a sample is

    x = μ_y + √(a / n) Σ_i z_i (x_i − μ_y) + √((1 − a) / N) Σ_j z'_j (x_j − μ_{y_j}),      a = n / (n + prior),

the second sum over the N kept images of all classes. Its covariance is a S_y + (1 − a) Σ, S_y being that of the class
and Σ the pooled one within classes, so that no factor of a matrix of pixels squared is needed. Nothing is learned by
gradient: a step keeps the batch's images. It is linear in training images and holds some of them as they are. A vector
is scaled to the length of all vectors, and cut off at zero where no feature is below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.optim import Optimizer

from ganlift.generators.base import BOTH, GeneratorEntry, ImageShape, Shape, Update, generators
from ganlift.generators.common import GeneratorOptions, draw, resolutions
from ganlift.generators.parts import bank, within


class GaussianOptions(GeneratorOptions):
    kept: int = Field(64, ge=2, le=1024, description="images kept a class, of which its distribution is estimated")
    prior: float = Field(20.0, gt=0, description="images that the covariance of all classes counts as in a class's own")


class Generator(nn.Module):
    """Latents (n, (classes + 1) · kept) and labels (n,) to images (n, c, size, size) in [-1, 1], or to vectors."""

    def __init__(self, shape: Shape, options: GaussianOptions) -> None:
        super().__init__()
        self.bank = bank(shape, options.kept)
        self._shape, self._prior, self._conditional = shape, options.prior, shape.classes > 0

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        labels = labels if self._conditional else torch.zeros_like(labels)
        means, residuals = self._moments()
        kept = residuals.shape[1]
        own, pooled = z[:, :kept], z[:, kept:]
        counts = self.bank.counts.to(z.dtype)
        a = counts / (counts + self._prior)
        of_class = torch.einsum("nk,nkp->np", own, residuals[labels]) * (a / counts.clamp(min=1)).sqrt()[labels, None]
        of_all = pooled @ residuals.flatten(0, 1) * ((1 - a) / counts.sum().clamp(min=1)).sqrt()[labels, None]
        return within(self._shape, means[labels] + of_class + of_all)

    def _moments(self) -> tuple[Tensor, Tensor]:
        """Means (classes, pixels), of all images where a class has none, and residuals (classes, kept, pixels)."""
        pixels, counts = self.bank.values().flatten(2), self.bank.counts
        present = torch.arange(pixels.shape[1], device=pixels.device) < counts[:, None]
        sums = (pixels * present[:, :, None]).sum(1)
        everything = sums.sum(0) / counts.sum().clamp(min=1)
        means = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], everything)
        return means, (pixels - means[:, None]) * present[:, :, None]


class Gaussian:
    """See `ganlift.generators.base.GenerativeModel`; it has no optimiser."""

    def __init__(self, shape: Shape, options: GaussianOptions, device: torch.device) -> None:
        if isinstance(shape, ImageShape):
            resolutions(shape.size)  # the sizes that every generator makes
        self.shape, self.latent_size = shape, (max(shape.classes, 1) + 1) * options.kept
        self._generator = Generator(shape, options).to(device)

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self._generator}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        self._generator.bank.add(real, labels)
        return {"kept": self._generator.bank.counts.sum().float()}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._generator, self.shape, self.latent_size, n, labels, rng)


def build(shape: Shape, options: BaseModel, device: torch.device) -> Gaussian:
    """A `Gaussian` for ``shape``; ``options`` is a `GaussianOptions`."""
    return Gaussian(shape, cast(GaussianOptions, options), device)


generators.add("gaussian")(
    GeneratorEntry(
        name="gaussian",
        summary="The baseline: a normal distribution of pixels or features a class. Learns nothing; takes no time.",
        source="Sample mean and covariance, shrunk towards the pooled one",
        options=GaussianOptions,
        build=build,
        spaces=BOTH,
    )
)
