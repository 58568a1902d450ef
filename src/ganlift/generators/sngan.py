"""`sngan`: a conditional GAN that trains on few images: spectral norm, projection, hinge, DiffAugment.

D(x, y) = ψ(φ(x)) + ⟨e(y), φ(x)⟩ with every weight divided by its spectral norm (Miyato et al. 2018; Miyato and
Koyama 2018); D minimises relu(1 - r) + relu(1 + f), G minimises -f; reals and fakes pass DiffAugment (Zhao et al.
2020) in both steps. One D step a G step in place of five, so that it runs on a CPU. The learning rates are for runs
of some hundreds of steps; 4e-4 and 1e-4, the usual pair of two time scales (Heusel et al. 2017), have hardly begun
by then.

``architecture`` ``plain`` has strided convolutions, halves the channels with each doubling, and is for a CPU;
``resnet`` is SNGAN-32 (Miyato et al. 2018, table 4): residual blocks, the same channels at every size, sums over the
last plane. There it is 256 channels for G and 128 for D at 32 px; here ``width`` is both's, and other sizes have the
blocks that lead to them.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import LATER, AugmentedOptions, TwoPlayers, adams, resolutions
from ganlift.generators.hinge import hinge_step
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.layers.class_latents import ClassLatents
from ganlift.layers.conditional_norm import ConditionalBatchNorm
from ganlift.layers.residual import SummedPlanes, UpBlock, Wrap, down_blocks, xavier


class SNGANOptions(AugmentedOptions, JudgeOptions):
    architecture: Literal["plain", "resnet"] = Field(
        "plain",
        description="plain convolutions, or SNGAN-32's residual blocks: several times as slow a step at equal width; "
        "long runs on a GPU want resnet, width 128",
        json_schema_extra=LATER,
    )
    latent: int = Field(128, ge=1, le=1024, description="size of the latent")
    width: int = Field(32, ge=4, le=1024, description="channels of the layer next to the image; deeper ones double it")
    d_lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="the discriminator's learning rate, for some hundreds of steps; long runs want 4e-4",
        json_schema_extra={"search": {"low": 2e-4, "high": 4e-3, "log": True}},
    )
    g_lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="the generator's learning rate, for some hundreds of steps; long runs want 1e-4",
        json_schema_extra={"search": {"low": 1e-4, "high": 4e-3, "log": True}},
    )
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.9, ge=0, lt=1, description="Adam's second moment")
    class_latents: bool = Field(False, description="noise from a Gaussian a class, for `gan-balance`, which fits them")

    @field_validator("class_latents")
    @classmethod
    def _possible(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("architecture") == "resnet":
            raise ValueError("it needs architecture 'plain'; set one of the two back")
        return value


class Generator(nn.Module):
    """Latent (n, latent) and labels (n,) to images (n, c, size, size) in [-1, 1]."""

    def __init__(self, shape: ImageShape, options: SNGANOptions) -> None:
        super().__init__()
        self._base, doublings = resolutions(shape.size)
        self._width = width = options.width * 2 ** (doublings - 1)
        self.latents = ClassLatents(max(shape.classes, 1), options.latent) if options.class_latents else None
        self.project = nn.Linear(options.latent, width * self._base**2)
        self.norms = nn.ModuleList([ConditionalBatchNorm(width, shape.classes)])
        self.convolutions = nn.ModuleList()
        for _ in range(doublings):
            self.convolutions.append(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False))
            self.norms.append(ConditionalBatchNorm(width // 2, shape.classes))
            width //= 2
        self.convolutions.append(nn.Conv2d(width, shape.channels, 3, 1, 1))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.decode(z if self.latents is None else self.latents(z, labels), labels)

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        """The image of each latent as it is, (n, latent): what an autoencoder's decoder does."""
        h = self.project(z).view(len(z), self._width, self._base, self._base)
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            h = convolution(F.relu(norm(h, labels)))
        return torch.tanh(h)


class ResidualGenerator(nn.Module):
    """As `Generator`, of residual blocks."""

    def __init__(self, shape: ImageShape, options: SNGANOptions) -> None:
        super().__init__()
        self._base, doublings = resolutions(shape.size)
        width = options.width

        def norm(channels: int) -> nn.Module:
            return ConditionalBatchNorm(channels, shape.classes)

        self.project = nn.Linear(options.latent, width * self._base**2)
        self.blocks = nn.ModuleList(UpBlock(width, width, norm) for _ in range(doublings))
        self.norm = nn.BatchNorm2d(width)
        self.to_image = nn.Conv2d(width, shape.channels, 3, padding=1)
        xavier(self)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        h = self.project(z).unflatten(1, (-1, self._base, self._base))
        for block in self.blocks:
            h = block(h, labels)
        return torch.tanh(self.to_image(F.relu(self.norm(h))))


def plain_body(shape: ImageShape, width: int, wrap: Wrap) -> tuple[nn.Sequential, int]:
    """Strided convolutions from images to features (n, d), and d; ``width`` channels after the first, then doubled."""
    base, doublings = resolutions(shape.size)
    inputs = shape.channels
    layers: list[nn.Module] = []
    for _ in range(doublings):
        layers += [wrap(nn.Conv2d(inputs, width, 4, 2, 1)), nn.LeakyReLU(0.1, inplace=True)]
        inputs, width = width, 2 * width
    # a convolution over the whole last plane: pooling there would leave a judge of patches, blind to shape
    layers += [wrap(nn.Conv2d(inputs, width, base)), nn.LeakyReLU(0.1, inplace=True), nn.Flatten()]
    return nn.Sequential(*layers), width


def residual_body(shape: ImageShape, width: int, wrap: Wrap) -> tuple[nn.Sequential, int]:
    """Residual blocks from images to features (n, width), and the width."""
    base, doublings = resolutions(shape.size)
    blocks, width = down_blocks(shape.channels, width, doublings, base, wrap)
    return nn.Sequential(*blocks, SummedPlanes()), width


class Discriminator(Judge):
    """Images and labels (n,), -1 where unknown, to logits (n,)."""

    def __init__(self, shape: ImageShape, options: SNGANOptions) -> None:
        make = plain_body if options.architecture == "plain" else residual_body
        body, width = make(shape, options.width, spectral_norm)
        super().__init__(body, width, shape.classes, spectral_norm, options)


class SNGAN(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: SNGANOptions, device: torch.device) -> None:
        made = Generator if options.architecture == "plain" else ResidualGenerator
        modules: dict[str, nn.Module] = {"generator": made(shape, options).to(device)}
        modules["discriminator"] = self._judge = Discriminator(shape, options).to(device)
        rates = {"generator": options.g_lr, "discriminator": options.d_lr}
        optimizers = adams(modules, rates, (options.beta1, options.beta2))
        super().__init__(shape, modules, optimizers, options.latent)
        self._aid = shape.aid(options.policy)

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        return hinge_step(self._judge, self.fake(labels, rng), real, labels, rng, self._aid, update)


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> SNGAN:
    """An `SNGAN` for ``shape``; ``options`` is an `SNGANOptions`."""
    return SNGAN(shape, cast(SNGANOptions, options), device)


generators.add("sngan")(
    GeneratorEntry(
        name="sngan",
        summary="Conditional, for few images: spectral norm, projection, hinge, DiffAugment. The default on pixels.",
        source="Miyato et al.: Spectral Normalization for GANs, ICLR 2018; Miyato, Koyama: cGANs with Projection "
        "Discriminator, ICLR 2018; Zhao et al.: Differentiable Augmentation, NeurIPS 2020",
        options=SNGANOptions,
        build=build,
    )
)
