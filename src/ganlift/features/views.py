"""Views of an image: it as it is, its mirror image where that keeps the class, and parts of it, recoloured and bent.

A view's draws come from the image's hash and the view's number alone, so that a view is the same whichever others are
made, in whichever order, on whichever machine's thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganlift.augment import flip, rand_augment, resized_crop, strong_sound
from ganlift.errors import ConfigError

VERSION = SOUND_VERSION = 1
"""Goes up with every change of what a recipe of the same name makes."""

MADE = 12_000
"""Views to make of all images that are learned from, about: two minutes of the default network on two cores."""

FEWEST, MOST = 2, 4


def views_for(images: int) -> int:
    """Views an image that arms learn from, where there are ``images`` of them: 4 of a few thousand, 2 of many."""
    return min(MOST, max(FEWEST, MADE // max(images, 1)))


Bytes = NDArray[np.uint8]

OF_CLIP = "+"
"""Stands in the key of a frame between the hash of its clip and its place there."""


@dataclass(frozen=True)
class Recipe:
    """Which views are made of an image.

    Attributes:
        views: how many; the first is the plain image, the others random, but for the second of three or more where
            ``flips``, which is the mirror image.
        flips: whether a mirrored image keeps its class.
        least: smallest share of the image's area in a random view.
        operations: of RandAugment, in a random view.
        strength: theirs, in [0, 1].
        sound: whether the pictures are of sound, whose random views are sound's own.
    """

    views: int = 8
    flips: bool = False
    least: float = 0.5
    operations: int = 2
    strength: float = 0.3
    sound: bool = False

    def __post_init__(self) -> None:
        if self.views < 1 or not 0 < self.least <= 1 or self.operations < 0 or not 0 <= self.strength <= 1:
            raise ConfigError(
                f"{self} can't be followed: views are 1 or more, least is above 0 and at most 1, operations are 0 or "
                "more, strength is from 0 to 1."
            )

    @property
    def plain(self) -> int:
        """How many of the views are not random: they come first."""
        return 2 if self.flips and self.views > 2 else 1

    @property
    def name(self) -> str:
        """For a cache's key and a folder's name: the same for recipes that make the same views."""
        fixed = f"plain{'-mirror' if self.plain == 2 else ''}"
        if self.views == self.plain:
            return fixed
        if self.sound:
            return f"{fixed}-{self.views - self.plain}x-sound-v{SOUND_VERSION}"
        flips = "-flips" if self.flips else ""
        random = f"crop{self.least:g}-randaugment{self.operations}x{self.strength:g}{flips}-v{VERSION}"
        return f"{fixed}-{self.views - self.plain}x-{random}"

    def make(self, pixels: Bytes, hashes: Sequence[str]) -> Bytes:
        """All views (n, views, c, h, w) uint8 of ``pixels`` (n, c, h, w) uint8, whose hashes are ``hashes``."""
        found = np.empty((len(pixels), self.views, *pixels.shape[1:]), np.uint8)
        found[:, 0] = pixels
        if self.plain == 2:
            found[:, 1] = pixels[..., ::-1]
        for place, (image, key) in enumerate(zip(pixels, hashes, strict=True)):
            x = torch.from_numpy(image[None]).float() / 127.5 - 1
            for view in range(self.plain, self.views):
                made = self._random(x, draws(key, view))
                found[place, view] = ((made[0] + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()
        return found

    def _random(self, x: Tensor, rng: torch.Generator) -> Tensor:
        if self.sound:
            return strong_sound(x, rng)
        x = resized_crop(x, rng, self.least)
        return rand_augment(flip(x, rng) if self.flips else x, rng, self.operations, self.strength)


def draws(key: str, view: int) -> torch.Generator:
    """The generator of one view of the image whose hash is ``key``; all frames of a clip have the same."""
    digest = hashlib.sha256(f"{key.partition(OF_CLIP)[0]} {view}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
