"""Pictures of sound: images in all but their views, which are sound's own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlift.augment import mix_of_two, sound_aid, strong_sound, weak_sound
from ganlift.generators.base import SpectrogramShape
from ganlift.representations.pixels import PixelSpace


@dataclass(frozen=True)
class SpectrogramSpace(PixelSpace):
    """Log-mel pictures of ``channels`` × ``size`` × ``size``, as `ganlift.data.sound` makes them."""

    def weak(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return weak_sound(x, rng)

    def strong(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return strong_sound(x, rng)

    def labelled(self, x: Tensor, policy: str, rng: torch.Generator) -> Tensor:
        """With any policy the strong view, SpecAugment's and more; with "none" the weak one."""
        return weak_sound(x, rng) if policy == "none" else strong_sound(x, rng)

    def alike(self, views: Tensor, rng: torch.Generator) -> Tensor:
        return sound_aid(views, rng)

    def mixes(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Blends alone: a rectangle of another sound is no sound."""
        return mix_of_two(x, rng)

    def shape(self, classes: int) -> SpectrogramShape:
        """An image's, and a discriminator's aids are sound's."""
        return SpectrogramShape(self.channels, self.size, classes)
