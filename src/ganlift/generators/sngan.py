"""`sngan`: a conditional GAN that trains on few images: spectral norm, projection, hinge, DiffAugment.

D(x, y) = ψ(φ(x)) + ⟨e(y), φ(x)⟩ with every weight divided by its spectral norm (Miyato et al. 2018; Miyato and
Koyama 2018); D minimises relu(1 - r) + relu(1 + f), G minimises -f; reals and fakes pass DiffAugment (Zhao et al.
2020) in both steps. One D step a G step in place of five, and plain convolutions in place of residual blocks, so
that it runs on a CPU. The learning rates are for runs of some hundreds of steps; 4e-4 and 1e-4, the usual pair of
two time scales (Heusel et al. 2017), have hardly begun by then.
"""

from __future__ import annotations

from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from ganlift.augment.diffaugment import diffaugment
from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import GeneratorOptions, TwoPlayers, class_term, resolutions
from ganlift.layers.class_latents import ClassLatents
from ganlift.layers.conditional_norm import ConditionalBatchNorm
from ganlift.losses import discriminator_hinge, generator_hinge


class SNGANOptions(GeneratorOptions):
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
    colour: bool = Field(True, description="DiffAugment's brightness, saturation and contrast")
    translation: bool = Field(True, description="DiffAugment's shift by up to 1/8")
    cutout: bool = Field(False, description="DiffAugment's cutout; it leaks into samples where images are few")
    class_latents: bool = Field(False, description="noise from a Gaussian a class, for `gan-balance`, which fits them")

    @property
    def policy(self) -> tuple[str, ...]:
        return tuple(part for part in ("colour", "translation", "cutout") if getattr(self, part))


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


class Discriminator(nn.Module):
    """Images and labels (n,), -1 where unknown, to logits (n,)."""

    def __init__(self, shape: ImageShape, options: SNGANOptions) -> None:
        super().__init__()
        base, doublings = resolutions(shape.size)
        inputs, width = shape.channels, options.width
        layers: list[nn.Module] = []
        for _ in range(doublings):
            layers += [spectral_norm(nn.Conv2d(inputs, width, 4, 2, 1)), nn.LeakyReLU(0.1, inplace=True)]
            inputs, width = width, 2 * width
        # a convolution over the whole last plane: pooling there would leave a judge of patches, blind to shape
        layers += [spectral_norm(nn.Conv2d(inputs, width, base)), nn.LeakyReLU(0.1, inplace=True), nn.Flatten()]
        self.body = nn.Sequential(*layers)
        self.head = spectral_norm(nn.Linear(width, 1))
        self.embedding = spectral_norm(nn.Embedding(shape.classes, width)) if shape.classes else None

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        features = self.body(x)
        logits: Tensor = self.head(features).flatten()
        if self.embedding is not None:
            logits = logits + class_term(self.embedding, features, labels)
        return logits.float()


class SNGAN(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: SNGANOptions, device: torch.device) -> None:
        modules = {
            "generator": Generator(shape, options).to(device),
            "discriminator": Discriminator(shape, options).to(device),
        }
        rates = {"generator": options.g_lr, "discriminator": options.d_lr}
        optimizers = {
            name: Adam(module.parameters(), rates[name], (options.beta1, options.beta2))
            for name, module in modules.items()
        }
        super().__init__(shape, modules, optimizers, options.latent)
        self._policy = options.policy

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        discriminator, fake = self._modules["discriminator"], self.fake(labels, rng)

        both = diffaugment(torch.cat([real, fake.detach()]), rng, self._policy)
        on_real, on_fake = discriminator(both, labels.repeat(2)).chunk(2)
        d_loss = discriminator_hinge(on_real, on_fake)
        update("discriminator", d_loss)

        # the generator has not moved since: its batch serves both steps
        g_loss = generator_hinge(discriminator(diffaugment(fake, rng, self._policy), labels))
        update("generator", g_loss)

        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
        return {name: value.detach() for name, value in metrics.items()}


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> SNGAN:
    """An `SNGAN` for ``shape``; ``options`` is an `SNGANOptions`."""
    return SNGAN(shape, cast(SNGANOptions, options), device)


generators.add("sngan")(
    GeneratorEntry(
        name="sngan",
        summary="Conditional, for few images: spectral norm, projection, hinge, DiffAugment. The default.",
        source="Miyato et al.: Spectral Normalization for GANs, ICLR 2018; Miyato, Koyama: cGANs with Projection "
        "Discriminator, ICLR 2018; Zhao et al.: Differentiable Augmentation, NeurIPS 2020",
        options=SNGANOptions,
        build=build,
    )
)
