"""`dcgan`: the reference recipe (Radford, Metz, Chintala 2016): strided convolutions, BatchNorm, BCE, Adam 2e-4.

D minimises sp(-r) + sp(f), G minimises sp(-f), in alternating steps on batches that BatchNorm sees apart.
The paper is unconditional; with classes, the label's embedding is appended to the latent, and the discriminator
is told them from the mean of its last planes, by projection if not asked otherwise (`ganlift.generators.judge`, which
also has the aids for few images). The image's side is an argument (multiples of 4 from 8 on).
"""

from __future__ import annotations

from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn

from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import TwoPlayers, adams, resolutions
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.layers.residual import as_it_is
from ganlift.losses import discriminator_bce, generator_bce


class DCGANOptions(JudgeOptions):
    latent: int = Field(100, ge=1, le=1024, description="size of the latent")
    width: int = Field(64, ge=4, le=1024, description="channels of the layer next to the image; deeper ones double it")
    embedding: int = Field(32, ge=1, le=1024, description="size of the label's embedding beside the latent")
    lr: float = Field(
        2e-4,
        gt=0,
        le=1,
        description="Adam's learning rate, both players; runs of under 2,000 steps want about 1e-3",
        json_schema_extra={"search": {"low": 1e-4, "high": 4e-3, "log": True}},
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's second moment")


class Generator(nn.Module):
    """Latent (n, latent) and labels (n,) to images (n, c, size, size) in [-1, 1]."""

    def __init__(self, shape: ImageShape, options: DCGANOptions) -> None:
        super().__init__()
        base, doublings = resolutions(shape.size)
        self.embedding = nn.Embedding(shape.classes, options.embedding) if shape.classes else None
        inputs = options.latent + (options.embedding if shape.classes else 0)
        width = options.width * 2 ** (doublings - 1)
        layers: list[nn.Module] = [nn.ConvTranspose2d(inputs, width, base, bias=False), *_norm_relu(width)]
        for _ in range(doublings - 1):
            layers += [nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), *_norm_relu(width // 2)]
            width //= 2
        self.body = nn.Sequential(*layers, nn.ConvTranspose2d(width, shape.channels, 4, 2, 1), nn.Tanh())
        self.apply(initialise)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], dim=1)
        images: Tensor = self.body(z[:, :, None, None])
        return images


class Discriminator(Judge):
    """Images and labels (n,), -1 where unknown, to logits (n,); the head reads whole planes, φ is their mean."""

    def __init__(self, shape: ImageShape, options: DCGANOptions) -> None:
        base, doublings = resolutions(shape.size)
        width = options.width
        layers: list[nn.Module] = [nn.Conv2d(shape.channels, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for _ in range(doublings - 1):
            layers += [
                nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
                nn.BatchNorm2d(2 * width),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            width *= 2
        head = nn.Conv2d(width, 1, base)
        super().__init__(nn.Sequential(*layers), width, shape.classes, as_it_is, options, head=head)
        self.apply(initialise)

    def judged(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        planes = self.body(x)
        features = planes.mean(dim=(2, 3))
        return self.scores(self.head(planes), features, labels), features


def _norm_relu(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(width), nn.ReLU(inplace=True)


def initialise(module: nn.Module) -> None:
    """Convolutions N(0, 0.02), BatchNorm's scales N(1, 0.02), biases 0; embeddings keep N(0, 1)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class DCGAN(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: DCGANOptions, device: torch.device) -> None:
        modules: dict[str, nn.Module] = {"generator": Generator(shape, options).to(device)}
        modules["discriminator"] = self._judge = Discriminator(shape, options).to(device)
        optimizers = adams(modules, dict.fromkeys(modules, options.lr), (options.beta1, options.beta2))
        super().__init__(shape, modules, optimizers, options.latent)

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        judge, fake = self._judge, self.fake(labels, rng)

        on_real, features = judge.judged(real, labels)
        on_fake = judge(fake.detach(), labels)
        d_loss = discriminator_bce(on_real, on_fake) + judge.lecam(on_real, on_fake)
        d_loss = d_loss + judge.class_loss(features, labels)
        update("discriminator", d_loss)

        # the generator has not moved since: its batch serves both steps, as in the reference
        scores, features = judge.judged(fake, labels)
        g_loss = generator_bce(scores[judge.best(scores)]) + judge.class_loss(features, labels)
        update("generator", g_loss)

        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
        return {name: value.detach() for name, value in metrics.items()}


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> DCGAN:
    """A `DCGAN` for ``shape``; ``options`` is a `DCGANOptions`."""
    return DCGAN(shape, cast(DCGANOptions, options), device)


generators.add("dcgan")(
    GeneratorEntry(
        name="dcgan",
        summary="The reference GAN: strided convolutions, BatchNorm, non-saturating cross-entropy.",
        source="Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional GANs, ICLR 2016",
        options=DCGANOptions,
        build=build,
    )
)
