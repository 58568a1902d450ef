"""What the convolutional GANs share: sizes, latents, labels of fakes, drawing samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from ganlift.errors import ConfigError
from ganlift.generators.base import ImageShape, Shape
from ganlift.layers.at_once import SIDE, at_once


class GeneratorOptions(BaseModel):
    """Base of a generator's options: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AugmentedOptions(GeneratorOptions):
    """Options of a GAN whose discriminator sees reals and fakes through DiffAugment (Zhao et al. 2020).

    Of sound the words mean what `ganlift.augment.sound.SOUNDS` says: level and tilt, shift in time, masks.
    """

    colour: bool = Field(True, description="DiffAugment's brightness, saturation and contrast")
    translation: bool = Field(True, description="DiffAugment's shift by up to 1/8")
    cutout: bool = Field(False, description="DiffAugment's cutout; it leaks into samples where images are few")

    @property
    def policy(self) -> tuple[str, ...]:
        return tuple(part for part in ("colour", "translation", "cutout") if getattr(self, part))


class PlainOptions(AugmentedOptions):
    """The same for a method whose authors train without, or begin so; a discriminator of few images wants it back."""

    colour: bool = Field(
        False, description="DiffAugment's brightness, saturation and contrast; on where images are few"
    )
    translation: bool = Field(False, description="DiffAugment's shift by up to 1/8; on where images are few")


LATER: dict[str, Any] = {"later": True}
"""``json_schema_extra`` of an option that came after a generator's first results, its default being what they had."""


def identity(options: BaseModel) -> dict[str, Any]:
    """The options as a key of a generator has them: those marked `LATER` only where they are not at their default.

    The key seeds the weights, so that an option added today must not move the results of yesterday.
    """
    fields = type(options).model_fields
    unmoved = {
        name
        for name, field in fields.items()
        if field.json_schema_extra == LATER and getattr(options, name) == field.default
    }
    return options.model_dump(exclude=unmoved)


def resolutions(size: int) -> tuple[int, int]:
    """The side of the smallest plane, and how many doublings lead from it to ``size``: 28 is 7 and 2, 64 is 4 and 4.

    Raises:
        ConfigError: the size is below 8 or not a multiple of 4.
    """
    if size < 8 or size % 4:
        below = max(8, size // 4 * 4)
        raise ConfigError(
            f"This generator makes images of 8, 12, 16, ... px, not {size}; "
            f"set the image size to {below} or {below + 4}."
        )
    doublings = 0
    while size % 2 == 0 and size // 2 >= 4:
        size //= 2
        doublings += 1
    return size, doublings


def latents(n: int, size: int, rng: torch.Generator, device: torch.device) -> Tensor:
    """(n, size) standard normal."""
    return torch.randn((n, size), generator=rng, device=device)


def fake_labels(labels: Tensor, classes: int, rng: torch.Generator) -> Tensor:
    """Classes to generate beside reals of ``labels`` (n,): the same where known, a random one where -1.

    A fake then stands beside every real with the same knowledge of its class: scored with ``labels``, -1
    included, the conditional game and the unconditional one each have as many fakes as reals.
    """
    if classes == 0:
        return labels
    drawn = torch.randint(0, classes, labels.shape, generator=rng, device=labels.device)
    return torch.where(labels >= 0, labels, drawn)


@torch.no_grad()
def draw(
    module: nn.Module,
    shape: Shape,
    latent_size: int,
    n: int,
    labels: Tensor | None,
    rng: torch.Generator,
    z: Tensor | None = None,
) -> Tensor:
    """``n`` images of ``module(z, labels)`` in evaluation mode, (n, c, h, w) in [-1, 1]; see `GenerativeModel.sample`.

    Without labels a conditional model draws its classes uniformly, and without ``z`` (n, latent_size) its latents.
    """
    device = next(iter(module.state_dict().values())).device  # a generator may have buffers alone
    if labels is None:
        labels = torch.randint(0, max(shape.classes, 1), (n,), generator=rng, device=device)
    elif len(labels) != n:
        raise ValueError(f"{n} images need {n} labels, not {len(labels)}")
    z = latents(n, latent_size, rng, device) if z is None else z.to(device)
    training = module.training
    module.eval()
    side = shape.size if isinstance(shape, ImageShape) else 1
    most = at_once((side, side, side)) if side > SIDE else max(1, n)
    parts = zip(torch.split(z, most), torch.split(labels.to(device), most), strict=True)
    images = torch.cat([module(*part) for part in parts])
    module.train(training)
    return images.float()


def class_term(embedding: nn.Module, features: Tensor, labels: Tensor) -> Tensor:
    """⟨e(y), φ⟩ of the projection discriminator (Miyato and Koyama 2018), (n,); 0 where the label is -1."""
    product: Tensor = (embedding(labels.clamp(min=0)) * features).sum(1)
    return product * (labels >= 0)


def adams(
    modules: Mapping[str, nn.Module], rates: Mapping[str, float], betas: tuple[float, float]
) -> dict[str, Optimizer]:
    """An Adam a player, by name, with its learning rate."""
    return {name: Adam(module.parameters(), rates[name], betas) for name, module in modules.items()}


class TwoPlayers:
    """What the GANs here share of `ganlift.generators.base.GenerativeModel`: two modules, two optimisers, drawing.

    Args:
        modules: ``generator`` (latent, labels to images) and ``discriminator`` (images, labels to logits).
        optimizers: one a player, by the same names.
        latent_size: of the generator's noise.
    """

    def __init__(
        self, shape: Shape, modules: Mapping[str, nn.Module], optimizers: Mapping[str, Optimizer], latent_size: int
    ) -> None:
        self.shape = shape
        self.latent_size = latent_size
        self._modules = modules
        self._optimizers = optimizers

    def modules(self) -> Mapping[str, nn.Module]:
        return self._modules

    def optimizers(self) -> Mapping[str, Optimizer]:
        return self._optimizers

    def fake(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Images (n, c, h, w) with gradient, one for each label (n,); of a random class where a label is -1."""
        z = latents(len(labels), self.latent_size, rng, labels.device)
        images: Tensor = self._modules["generator"](z, fake_labels(labels, self.shape.classes, rng))
        return images

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._modules["generator"], self.shape, self.latent_size, n, labels, rng)
