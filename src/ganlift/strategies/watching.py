"""What a phase with a generator is watched by: some of its samples beside real training images, the same every time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from ganlift.measures.symptoms import symptoms
from ganlift.strategies.base import Setup
from ganlift.training.rng import Rng

SAMPLES = 300
"""Generated and real images that are looked at; fewer where there are not as many real ones."""


def watching(setup: Setup, rng: Rng, draw: Callable[[int, torch.Generator], Tensor]) -> Callable[[], dict[str, float]]:
    """A phase's ``watch``.

    Args:
        rng: the phase's; what is drawn here moves nothing else that is drawn from it.
        draw: makes so many images (n, c, h, w) in [-1, 1] with the given randomness.
    """
    pools = [setup.labelled, setup.unlabelled] if len(setup.task.unlabelled) else [setup.labelled]
    ends = torch.tensor([0, *(len(pixels) for pixels in pools)], device=setup.device).cumsum(0)
    order = torch.randperm(int(ends[-1]), generator=_seeded(rng.derive("watch real"), setup), device=setup.device)
    chosen, seed = order[:SAMPLES], rng.derive("watch samples")

    def watch() -> dict[str, float]:
        places = [chosen[(chosen >= low) & (chosen < high)] - low for low, high in pairwise(ends)]
        real = torch.cat([setup.space.unchanged(pixels.take(own)) for pixels, own in zip(pools, places, strict=True)])
        return symptoms(draw(len(chosen), _seeded(seed, setup)), real)

    return watch


def _seeded(seed: int, setup: Setup) -> torch.Generator:
    generator = torch.Generator(device=setup.device)
    generator.manual_seed(seed)
    return generator
