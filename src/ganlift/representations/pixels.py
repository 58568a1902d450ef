"""Images as they are: crops, flips, random operations; convolutional networks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganlift.augment import diffaugment, image_mixes, rand_augment, strong, trivial_augment, weak
from ganlift.classifiers.base import ClassifierSpec
from ganlift.classifiers.resolve import resolve
from ganlift.data.mapped import Items
from ganlift.generators.base import ImageShape
from ganlift.generators.sngan import Discriminator, SNGANOptions
from ganlift.layers.small_generator import SmallGenerator
from ganlift.training.pixels import Pixels, to_float, to_uint8

WIDTH = 16
"""Channels next to the image of the joint arms' discriminator, as their generator has."""


@dataclass(frozen=True)
class PixelSpace:
    """Images of ``channels`` × ``size`` × ``size``; ``flips`` says whether a mirrored one keeps its class."""

    channels: int
    size: int
    flips: bool
    name: str = "pixels"

    def hold(self, items: Items | Tensor, device: torch.device) -> Pixels:
        return Pixels(items, device)

    def plain(self, items: Tensor) -> Tensor:
        return to_float(items)

    def unchanged(self, x: Tensor) -> Tensor:
        return x

    def weak(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return weak(x, rng, self.flips)

    def strong(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return strong(x, rng, self.flips)

    def labelled(self, x: Tensor, policy: str, rng: torch.Generator) -> Tensor:
        """TrivialAugment: Müller and Hutter 2021. RandAugment: Cubuk et al. 2020."""
        x = weak(x, rng, self.flips)
        if policy == "trivial":
            return trivial_augment(x, rng)
        return rand_augment(x, rng) if policy == "rand" else x

    def genuine(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return x

    def alike(self, views: Tensor, rng: torch.Generator) -> Tensor:
        """DiffAugment: Zhao et al. 2020."""
        return diffaugment(views, rng)

    def items(self, views: Tensor) -> Tensor:
        return to_uint8(views)

    def mixes(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return image_mixes(x, rng)

    def classifier(self, spec: ClassifierSpec, classes: int, dropout: float) -> nn.Module:
        return resolve(spec).build(self.channels, self.size, classes, dropout)

    def generator(self, latent_size: int, classes: int) -> SmallGenerator:
        return SmallGenerator(self.channels, self.size, latent_size, classes=classes)

    def discriminator(self, classes: int) -> Discriminator:
        return Discriminator(self.shape(classes), SNGANOptions.model_validate({"width": WIDTH}))

    def shape(self, classes: int) -> ImageShape:
        return ImageShape(self.channels, self.size, classes)
