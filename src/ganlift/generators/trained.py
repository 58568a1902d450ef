"""A generator that is done: its module, and the plain facts from which another process builds it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from ganlift.generators.base import ImageShape, generators
from ganlift.generators.common import draw
from ganlift.layers.small_generator import SmallGenerator

JOINT = "joint"
"""Names the small generator of the one-model arms, which is not in the registry: it never trains alone."""

BATCH = 500


class GeneratorFacts(BaseModel):
    """What builds a generator's module again. Build it with `model_validate`; it is plain JSON.

    ``conditions`` are what the module is told apart by: class × fold, where the first stage halves each class
    (`strategies.generation`); ``classes`` is 0 for an unconditional one.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    generator: str
    options: dict[str, Any] = {}
    channels: int = Field(ge=1)
    size: int = Field(ge=1)
    classes: int = Field(ge=0)
    folds: int = Field(1, ge=1)
    latent_size: int = Field(ge=1)

    @property
    def shape(self) -> ImageShape:
        return ImageShape(self.channels, self.size, self.classes * self.folds)


@dataclass(frozen=True)
class TrainedGenerator:
    """``module`` maps latents (n, latent_size) and conditions (n,) to images (n, c, size, size) in [-1, 1]."""

    facts: GeneratorFacts
    module: nn.Module

    def sample(self, labels: Tensor | None, n: int, rng: torch.Generator) -> Tensor:
        """``n`` images of the classes ``labels`` (n,), None for an unconditional one; folds are drawn evenly."""
        folds = torch.zeros(n, dtype=torch.int64, device=rng.device)
        if self.facts.folds > 1:
            folds = torch.randint(self.facts.folds, (n,), generator=rng, device=rng.device)
        return self.draw(folds if labels is None else labels, folds, rng)

    def draw(self, labels: Tensor, folds: Tensor, rng: torch.Generator, latents: Tensor | None = None) -> Tensor:
        """Images for classes (n,) and folds (n,), without gradient, in evaluation mode; of ``latents`` where given."""
        conditions = labels * self.facts.folds + folds
        parts = torch.split(torch.arange(len(conditions), device=conditions.device), BATCH)
        made = [
            draw(
                self.module,
                self.facts.shape,
                self.facts.latent_size,
                len(part),
                conditions[part],
                rng,
                None if latents is None else latents[part],
            )
            for part in parts
        ]
        return torch.cat(made)

    def of_latents(self, latents: Tensor, labels: Tensor | None, folds: Tensor | None = None) -> Tensor:
        """The image of each latent (n, latent_size): the same latent, class and fold give the same image."""
        none = torch.zeros(len(latents), dtype=torch.int64, device=latents.device)
        unused = torch.Generator(device=latents.device)
        return self.draw(none if labels is None else labels, none if folds is None else folds, unused, latents)


def latents_of_seeds(seeds: Sequence[int], latent_size: int) -> Tensor:
    """Standard normal latents (n, latent_size) on the CPU, each drawn from a generator of its own seed."""
    rows = []
    for seed in seeds:
        own = torch.Generator()
        own.manual_seed(seed)
        rows.append(torch.randn(latent_size, generator=own))
    return torch.stack(rows)


def truncated(z: Tensor, threshold: float) -> Tensor:
    """Standard normal ``z`` as values of a normal cut off at ±``threshold``: less variety, more typical images.

    BigGAN's truncation trick (Brock et al. 2019, section 3.1) draws again what lies outside. Here each value keeps its
    quantile, Φ⁻¹(Φ(-t) + Φ(z) (Φ(t) - Φ(-t))), so that a latent moves smoothly with t and a seed stays itself.
    """
    edge = float(torch.special.ndtr(torch.tensor(-threshold, dtype=torch.float64)))
    inside = edge + torch.special.ndtr(z.double()) * (1 - 2 * edge)
    cut: Tensor = torch.special.ndtri(inside)
    return cut.to(z.dtype)


def rebuild(facts: GeneratorFacts) -> nn.Module:
    """The module that ``facts`` describe, its weights still to be loaded.

    Raises:
        ConfigError: the generator is not registered any more, or its options are not what it knows.
    """
    if facts.generator == JOINT:
        return SmallGenerator(facts.channels, facts.size, facts.latent_size, classes=facts.classes)
    entry = generators.get(facts.generator)
    model = entry.build(facts.shape, entry.options.model_validate(facts.options), torch.device("cpu"))
    return model.modules()["generator"]
