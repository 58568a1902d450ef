"""`r3gan`: pairs of real and fake, two gradient penalties, no normalisation (R3GAN, Huang et al. 2024).

With pairs (x, G(z)) drawn together:

    D minimises sp(-(D(x) - D(G(z)))) + γ/2 (R1 + R2),   R1 = E ‖∇D(x)‖², R2 = E ‖∇D(G(z))‖²
    G minimises sp(-(D(G(z)) - D(x)))

The fake of a pair has the real one's class. The networks are the paper's configuration E: residual blocks of 1 × 1,
grouped 3 × 3 and 1 × 1 convolutions, leaky ReLU with a bias, fix-up initialisation, bilinear resampling, a learned
first and last plane.

What differs, for a CPU and some hundreds of steps: one block a size in place of two, and channels that double with
each halving from ``width`` next to the image (768 at every size in the authors' CIFAR-10 setting); γ, the learning
rate and β₂ are constant where the authors anneal them over 20 million images; tanh at the end, since images here lie
in [-1, 1]; D(x, y) = ψ(φ(x)) + ⟨e(y), φ(x)⟩, so that images of unknown class can be judged, where theirs has the second
term alone; DiffAugment (Zhao et al. 2020), off unless asked for, in place of an augmentation that sets in over 20
million images. As in their code the penalties look at the gradient before augmentation. They run in fp32, also where
the rest runs in bf16.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn

from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import PlainOptions, TwoPlayers, adams, resolutions
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.layers.residual import as_it_is
from ganlift.layers.resnext import GroupedBlock, Resample, scaled
from ganlift.losses import discriminator_relativistic, generator_relativistic
from ganlift.penalties import full_precision, squared_gradient


class R3GANOptions(PlainOptions, JudgeOptions):
    """Defaults for a CPU and some hundreds of steps; descriptions have the authors' values for CIFAR-10."""

    latent: int = Field(64, ge=1, le=1024, description="size of the latent")
    width: int = Field(
        8, ge=4, le=1024, description="channels next to the image, deeper ones double it; 768 throughout in the paper"
    )
    blocks: int = Field(1, ge=1, le=4, description="residual blocks at each size; 2 in the paper")
    gamma: float = Field(
        0.05,
        gt=0,
        le=1000,
        description="weight of the gradient penalties at 32 px, more at larger sizes; 0.05 down to 0.005 in the paper",
        json_schema_extra={"search": {"low": 0.005, "high": 5.0, "log": True}},
    )
    lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="Adam's learning rate, both players; 2e-4 down to 5e-5 in the paper",
        json_schema_extra={"search": {"low": 2e-4, "high": 5e-3, "log": True}},
    )
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.9, ge=0, lt=1, description="Adam's second moment; 0.9 up to 0.99 in the paper")


class Generator(nn.Module):
    """Latent (n, latent) and labels (n,) to images (n, c, size, size) in [-1, 1]."""

    def __init__(self, shape: ImageShape, options: R3GANOptions) -> None:
        super().__init__()
        base, doublings = resolutions(shape.size)
        widths = [options.width * 2**n for n in range(doublings, -1, -1)]
        depth = options.blocks * len(widths)
        self.embedding = nn.Embedding(shape.classes, options.latent) if shape.classes else None
        self.basis = nn.Parameter(torch.randn(widths[0], base, base))
        self.project = scaled(nn.Linear(options.latent * (2 if shape.classes else 1), widths[0], bias=False))
        layers: list[nn.Module] = [GroupedBlock(widths[0], depth) for _ in range(options.blocks)]
        for n, (wide, narrow) in enumerate(pairwise(widths)):
            layers += [scaled(nn.Conv2d(wide, narrow, 1, bias=False)), Resample(base * 2**n, up=True)]
            layers += [GroupedBlock(narrow, depth) for _ in range(options.blocks)]
        self.body = nn.Sequential(*layers, scaled(nn.Conv2d(widths[-1], shape.channels, 1, bias=False)))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], dim=1)
        return torch.tanh(self.body(self.basis * self.project(z)[:, :, None, None]))


def discriminator(shape: ImageShape, options: R3GANOptions) -> Judge:
    """The generator's mirror: its features are one product a channel with a learned plane."""
    base, doublings = resolutions(shape.size)
    widths = [options.width * 2**n for n in range(doublings + 1)]
    depth = options.blocks * len(widths)
    layers: list[nn.Module] = [scaled(nn.Conv2d(shape.channels, widths[0], 1, bias=False))]
    for n, (narrow, wide) in enumerate(pairwise(widths)):
        layers += [GroupedBlock(narrow, depth) for _ in range(options.blocks)]
        layers += [Resample(shape.size // 2**n, up=False), scaled(nn.Conv2d(narrow, wide, 1, bias=False))]
    layers += [GroupedBlock(widths[-1], depth) for _ in range(options.blocks)]
    layers += [scaled(nn.Conv2d(widths[-1], widths[-1], base, groups=widths[-1], bias=False)), nn.Flatten()]
    # a loss of differences between real and fake has no gradient for a bias
    head = nn.Linear(widths[-1], 1, bias=False)
    judge = Judge(nn.Sequential(*layers), widths[-1], shape.classes, as_it_is, options, head=head)
    for layer in (judge.head, judge.embedding):
        if layer is not None:
            nn.init.normal_(cast(Tensor, layer.weight), 0.0, widths[-1] ** -0.5)
    return judge


class R3GAN(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: R3GANOptions, device: torch.device) -> None:
        modules: dict[str, nn.Module] = {"generator": Generator(shape, options).to(device)}
        modules["discriminator"] = self._judge = discriminator(shape, options).to(device)
        optimizers = adams(modules, dict.fromkeys(modules, options.lr), (options.beta1, options.beta2))
        super().__init__(shape, modules, optimizers, options.latent)
        self._gamma, self._aid = options.gamma, shape.aid(options.policy)

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        judge, fake = self._judge, self.fake(labels, rng)

        with full_precision(real):
            both = torch.cat([real, fake.detach().float()]).requires_grad_()
            scores, features = judge.judged(self._aid(both, rng), labels.repeat(2))
            on_real, on_fake = scores.chunk(2)
            penalty = squared_gradient(scores, both).mean()  # over reals and fakes in one: (R1 + R2) / 2
            d_loss = discriminator_relativistic(on_real, on_fake) + self._gamma * penalty
            d_loss = d_loss + judge.lecam(on_real, on_fake) + judge.class_loss(features[: len(real)], labels)
        update("discriminator", d_loss)

        # the generator has not moved since: its batch serves both steps
        with torch.no_grad():
            on_real_now = judge(self._aid(real, rng), labels)
        scores, features = judge.judged(self._aid(fake, rng), labels)
        best = judge.best(scores)
        g_loss = generator_relativistic(on_real_now[best], scores[best]) + judge.class_loss(features, labels)
        update("generator", g_loss)

        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
        return {name: value.detach() for name, value in {**metrics, "penalty": penalty}.items()}


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> R3GAN:
    """An `R3GAN` for ``shape``; ``options`` is an `R3GANOptions`."""
    return R3GAN(shape, cast(R3GANOptions, options), device)


generators.add("r3gan")(
    GeneratorEntry(
        name="r3gan",
        summary="Relativistic pairs with two gradient penalties, modern blocks without normalisation.",
        source="Huang et al.: The GAN is dead; long live the GAN! A Modern Baseline GAN, NeurIPS 2024",
        options=R3GANOptions,
        build=build,
    )
)
