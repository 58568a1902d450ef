"""The contract of a generative model: a GAN, a VAE and a per-class Gaussian all fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from pydantic import BaseModel
from torch import Tensor, nn
from torch.optim import Optimizer

from ganlift.augment import ada, adaptive_sound, diffaugment
from ganlift.augment.diffaugment import Part
from ganlift.augment.sound import SOUNDS
from ganlift.errors import ConfigError
from ganlift.registry import Registry

Update = Callable[[str, Tensor], None]
"""``update(optimiser_name, loss)``: zero the gradients, back-propagate, step (the loop supplies it)."""


PIXELS: tuple[str, ...] = ("pixels",)
VECTORS: tuple[str, ...] = ("vectors",)
BOTH = (*PIXELS, *VECTORS)
"""The representations that a generator can make, or a strategy learn in."""


@dataclass(frozen=True)
class ImageShape:
    """What a model must make or read: ``channels`` × ``size`` × ``size``, and how many classes.

    ``classes`` is the number of conditions; 0 asks for an unconditional model.
    """

    channels: int
    size: int
    classes: int

    def aid(self, policy: tuple[str, ...]) -> Part:
        """What a discriminator sees real and generated images through, by the words of DiffAugment's ``policy``."""
        return partial(diffaugment, policy=policy)

    @property
    def adaptive(self) -> ada.Transform:
        """The operations of adaptive augmentation."""
        return ada.augment


@dataclass(frozen=True)
class SpectrogramShape(ImageShape):
    """Pictures of sound: the same, but for what may be done to them on the way to a discriminator."""

    def aid(self, policy: tuple[str, ...]) -> Part:
        return partial(diffaugment, policy=policy, parts=SOUNDS)

    @property
    def adaptive(self) -> ada.Transform:
        return adaptive_sound


@dataclass(frozen=True)
class VectorShape:
    """Vectors of ``width`` values and length √width, in place of images; none below zero where ``positive``."""

    width: int
    classes: int
    positive: bool


Shape = ImageShape | VectorShape


class GenerativeModel(Protocol):
    """A model of images, or of vectors, that can be trained step by step and drawn from.

    Images are floats in [-1, 1], (n, c, h, w); vectors are (n, width). Labels are (n,) int64; -1 on a *real* image
    means "class unknown": it teaches what images look like, but nothing about classes.
    """

    shape: Shape
    latent_size: int

    def modules(self) -> Mapping[str, nn.Module]:
        """Every module, by name; the one that makes images is ``"generator"``.

        Whatever else the next step depends on lies in buffers of one of them, which may have no weights at all.
        """
        ...

    def optimizers(self) -> Mapping[str, Optimizer]:
        """One optimiser a player, by name."""
        ...

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        """One full update, alternating where the method does; returns scalar metrics (detached).

        GANs report ``d_loss``, ``g_loss``, ``d_real`` and ``d_fake`` (mean logits).
        """
        ...

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        """``n`` images in [-1, 1], without gradient, in evaluation mode; ``labels`` (n,) where conditional.

        ``module`` stands in for the generator: its exponential moving average, as a rule.
        """
        ...


@dataclass(frozen=True)
class GeneratorEntry:
    """A registered generator: how to build it, and what to say about it.

    ``build(shape, options, device)`` draws initial weights from torch's global generator, which the
    caller seeds and restores (`training.rng.seeded`); ``spaces`` says of which shapes. ``logits`` says whether its
    discriminator's scores are such, or margins about as large; a critic's have no scale.
    """

    name: str
    summary: str
    source: str
    options: type[BaseModel]
    build: Callable[[Any, BaseModel, torch.device], GenerativeModel]
    logits: bool = True
    spaces: tuple[str, ...] = PIXELS


generators: Registry[GeneratorEntry] = Registry("generator", "ganlift.generators", "ganlift.generators", GeneratorEntry)

AUTO = "auto"
DEFAULTS = {"pixels": "sngan", "vectors": "autoencoder"}
"""The generator of each space, where nobody asks for another."""


def name_in(space: str, name: str) -> str:
    """``name``, or what "auto" is in ``space``."""
    return DEFAULTS[space] if name == AUTO else name


def resolve(name: str, space: str) -> GeneratorEntry:
    """The generator called ``name``; "auto" is the default one of ``space``.

    Raises:
        ConfigError: there is none of the name, or it makes nothing of ``space``.
    """
    entry = generators.get(name_in(space, name))
    if space not in entry.spaces:
        made = {"pixels": "images", "vectors": "features"}
        others = ", ".join(one for one, other in generators if space in other.spaces)
        raise ConfigError(
            f"The generator '{entry.name}' makes {made[entry.spaces[0]]}, not {made[space]}; choose one of {others}."
        )
    return entry
