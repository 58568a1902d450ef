"""`autoencoder`: new images between two of one class, in the space of codes; no adversary, no likelihood.

    L = mean |x − G(E(x, y), y)|²
    a sample of class y is G((1 − λ) E(x_i, y) + λ E(x_j, y), y),      λ ~ U(0, 1),  x_i, x_j of class y

SMOTE (Chawla et al. 2002) takes points between a rare class's neighbours in the space of inputs; here they lie in the
space of codes, as in DeVries and Taylor 2017, and x_j is any other kept image of the class. i, j and λ are functions of
the latent, Φ of three normal values, so that a latent stands for an image as with the GANs.

The module keeps some training images of each class as they are, and its samples stay near them: look at the measure of
copies before believing what they add, and do not pass the module on where the images must stay private.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from ganlift.generators.base import BOTH, GeneratorEntry, Shape, Update, generators
from ganlift.generators.common import GeneratorOptions, draw
from ganlift.generators.parts import bank, coders

LATENT = 3
"""i, j and λ."""


class AutoencoderOptions(GeneratorOptions):
    code: int = Field(32, ge=1, le=1024, description="size of a code")
    width: int = Field(
        32,
        ge=4,
        le=1024,
        description="channels next to the image; deeper layers double it; an eighth of the hidden units on features",
    )
    kept: int = Field(64, ge=2, le=1024, description="training images kept a class, between which samples lie")
    lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="Adam's learning rate; long runs want 2e-4 to 1e-3",
        json_schema_extra={"search": {"low": 2e-4, "high": 5e-3, "log": True}},
    )


class Generator(nn.Module):
    """Latents (n, 3) and labels (n,) to images (n, c, size, size) in [-1, 1], or vectors, by the second equation."""

    def __init__(self, shape: Shape, options: AutoencoderOptions) -> None:
        super().__init__()
        self.encoder, self.decoder = coders(shape, options.width, options.code, options.code)
        self.bank = bank(shape, options.kept)
        self._conditional = shape.classes > 0

    def reconstruct(self, x: Tensor, labels: Tensor) -> Tensor:
        """G(E(x, y), y)."""
        images: Tensor = self.decoder(self.encoder(x, labels), labels)
        return images.float()

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        labels = labels if self._conditional else torch.zeros_like(labels)
        uniform = torch.special.ndtr(z)
        counts = self.bank.counts[labels]
        i = (uniform[:, 0] * counts).long()
        apart = 1 + (uniform[:, 1] * (counts - 1)).long()  # from 1 to n − 1, so that j is another image
        j = (i + apart) % counts.clamp(min=1)
        pair = torch.cat([self.bank.values(labels, index) for index in (i, j)])
        first, second = self.encoder(pair, labels.repeat(2)).chunk(2)
        images: Tensor = self.decoder(torch.lerp(first, second, uniform[:, 2:3].to(first.dtype)), labels)
        return images


class Autoencoder:
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: Shape, options: AutoencoderOptions, device: torch.device) -> None:
        self.shape, self.latent_size = shape, LATENT
        self._generator = Generator(shape, options).to(device)
        self._optimizer = Adam(self._generator.parameters(), options.lr)

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self._generator}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"generator": self._optimizer}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        self._generator.bank.add(real, labels)
        loss = F.mse_loss(self._generator.reconstruct(real, labels), real)
        update("generator", loss)
        return {"reconstruction_loss": loss.detach()}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._generator, self.shape, self.latent_size, n, labels, rng)


def build(shape: Shape, options: BaseModel, device: torch.device) -> Autoencoder:
    """An `Autoencoder` for ``shape``; ``options`` is an `AutoencoderOptions`."""
    return Autoencoder(shape, cast(AutoencoderOptions, options), device)


generators.add("autoencoder")(
    GeneratorEntry(
        name="autoencoder",
        summary="No adversary: between two of a class, in an autoencoder's codes (SMOTE). The default on features.",
        source="Chawla et al.: SMOTE, JAIR 2002; DeVries, Taylor: Dataset Augmentation in Feature Space, 2017",
        options=AutoencoderOptions,
        build=build,
        spaces=BOTH,
    )
)
