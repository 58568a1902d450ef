"""`biggan`: residual blocks that all read one embedding of the class (BigGAN, Brock et al. 2019).

G's every BatchNorm has scale 1 + W e(y) and shift V e(y), e shared by all layers; D(x, y) = ψ(φ(x)) + ⟨e'(y), φ(x)⟩
with spectral norm; D minimises relu(1 - r) + relu(1 + f), G minimises -f + β Σ ‖Wᵀ W ⊙ (1 - I)‖²_F (equation 3), β
``orthogonal``, off unless asked for; weights begin orthogonal. The loop averages G's weights.

Options of the paper that its authors leave out at 32 px, and that are off here: ``hierarchical`` (each block reads its
own part of the latent beside the class) and ``attention`` (at half the image's side, in both players).

What differs, for a CPU: ``width`` channels next to the image, doubled with each halving, as theirs from 64 px on; at
32 px they have 256 at every size, which few channels are too weak for. One D step a G step, not four; no spectral norm
in G, whose averaged weights would come with an average of the power iteration's vectors. DiffAugment (Zhao et al. 2020)
is an option.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import PlainOptions, TwoPlayers, adams, resolutions
from ganlift.generators.hinge import hinge_step
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.layers.attention import SelfAttention
from ganlift.layers.conditional_norm import EmbeddedBatchNorm
from ganlift.layers.residual import SummedPlanes, UpBlock, as_it_is, down_blocks
from ganlift.penalties import orthogonal_penalty


class BigGANOptions(PlainOptions, JudgeOptions):
    """Defaults for a CPU and some hundreds of steps; descriptions have the authors' values for CIFAR-10."""

    latent: int = Field(128, ge=8, le=1024, description="size of the latent")
    width: int = Field(
        16, ge=4, le=1024, description="channels next to the image; deeper ones double it; long runs want 64"
    )
    embedding: int = Field(64, ge=1, le=1024, description="size of the shared embedding of classes; 128 for long runs")
    hierarchical: bool = Field(
        False, description="each block reads a part of the latent of its own; for 64 px and more"
    )
    attention: bool = Field(False, description="self-attention at half the image's side; for 64 px and more")
    orthogonal: float = Field(0.0, ge=0, le=1, description="β of the orthogonal penalty on G; 1e-4 in the paper")
    d_lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="the discriminator's learning rate, for some hundreds of steps; 2e-4 for long runs",
        json_schema_extra={"search": {"low": 2e-4, "high": 4e-3, "log": True}},
    )
    g_lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="the generator's learning rate, for some hundreds of steps; 2e-4 for long runs",
        json_schema_extra={"search": {"low": 1e-4, "high": 4e-3, "log": True}},
    )
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's second moment")


class Generator(nn.Module):
    """Latent (n, latent) and labels (n,) to images (n, c, size, size) in [-1, 1]."""

    def __init__(self, shape: ImageShape, options: BigGANOptions) -> None:
        super().__init__()
        self._base, doublings = resolutions(shape.size)
        widths = [options.width * 2**n for n in range(doublings, -1, -1)]
        parts = doublings + 1 if options.hierarchical else 1
        self._conditional = shape.classes > 0
        # what is left when the latent is cut into equal parts goes to the first
        self._part = options.latent // parts if options.hierarchical else 0
        self._first = options.latent - (parts - 1) * self._part
        self.shared = nn.Embedding(max(shape.classes, 1), options.embedding)

        def norm(channels: int) -> nn.Module:
            return EmbeddedBatchNorm(channels, options.embedding + self._part)

        self.project = nn.Linear(self._first, widths[0] * self._base**2)
        self.blocks = nn.ModuleList(UpBlock(wide, narrow, norm) for wide, narrow in pairwise(widths))
        self.attention = SelfAttention(widths[-2], as_it_is) if options.attention else None
        self.norm = nn.BatchNorm2d(widths[-1])
        self.to_image = nn.Conv2d(widths[-1], shape.channels, 3, padding=1)
        self.apply(orthogonal)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        classes = self.shared(labels if self._conditional else torch.zeros_like(labels))
        h = self.project(z[:, : self._first]).unflatten(1, (-1, self._base, self._base))
        for n, block in enumerate(self.blocks):
            start = self._first + n * self._part
            if self.attention is not None and n == len(self.blocks) - 1:
                h = self.attention(h)
            h = block(h, torch.cat([classes, z[:, start : start + self._part]], 1) if self._part else classes)
        return torch.tanh(self.to_image(F.relu(self.norm(h))))

    def weights(self) -> list[Tensor]:
        """What the orthogonal penalty is of: all matrices and kernels, but not the embedding of classes."""
        return [weight for weight in self.parameters() if weight.ndim > 1 and weight is not self.shared.weight]


def discriminator(shape: ImageShape, options: BigGANOptions) -> Judge:
    """SNGAN-32's residual blocks, twice as wide with each, attention after the first."""
    base, doublings = resolutions(shape.size)
    blocks, width = down_blocks(shape.channels, options.width, doublings, base, _bounded, growth=2)
    if options.attention:
        blocks.insert(1, SelfAttention(options.width, _bounded))
    return Judge(nn.Sequential(*blocks, SummedPlanes()), width, shape.classes, _bounded, options)


def orthogonal(module: nn.Module) -> None:
    """Orthogonal weights, where a layer has any."""
    if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding):
        nn.init.orthogonal_(module.weight)


def _bounded(layer: nn.Module) -> nn.Module:
    orthogonal(layer)
    return spectral_norm(layer)


class BigGAN(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: BigGANOptions, device: torch.device) -> None:
        self._generator = Generator(shape, options).to(device)
        self._judge = discriminator(shape, options).to(device)
        modules: dict[str, nn.Module] = {"generator": self._generator, "discriminator": self._judge}
        rates = {"generator": options.g_lr, "discriminator": options.d_lr}
        optimizers = adams(modules, rates, (options.beta1, options.beta2))
        super().__init__(shape, modules, optimizers, options.latent)
        self._aid, self._orthogonal = shape.aid(options.policy), options.orthogonal

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        penalty = self._penalty if self._orthogonal else None
        return hinge_step(self._judge, self.fake(labels, rng), real, labels, rng, self._aid, update, penalty)

    def _penalty(self) -> Tensor:
        return self._orthogonal * orthogonal_penalty(self._generator.weights())


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> BigGAN:
    """A `BigGAN` for ``shape``; ``options`` is a `BigGANOptions`."""
    return BigGAN(shape, cast(BigGANOptions, options), device)


generators.add("biggan")(
    GeneratorEntry(
        name="biggan",
        summary="Residual blocks that share one embedding of the class; attention and orthogonal penalty as options.",
        source="Brock, Donahue, Simonyan: Large Scale GAN Training for High Fidelity Natural Image Synthesis, "
        "ICLR 2019",
        options=BigGANOptions,
        build=build,
    )
)
