"""Exponential moving averages of weights, by a fixed decay or by a half-life in images.

The half-life form is StyleGAN2-ADA's ramp-up (Karras et al. 2020, code): half-life
min(target, share of the images seen so far), so that short runs don't average in their first weights.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class Ema:
    """An averaged copy of ``module``; buffers (BatchNorm's statistics) are averaged with the weights.

    Args:
        module: the module to follow.
        decay: weight of the past at each step, used when ``half_life_images`` is None; ramped up as
            min(decay, (1 + t) / (10 + t)) so that the first steps don't dominate.
        half_life_images: images after which a weight's share has halved.
        ramp: the half-life is at most this share of the images seen so far.
    """

    def __init__(
        self, module: nn.Module, decay: float = 0.99, half_life_images: float | None = None, ramp: float = 0.05
    ) -> None:
        self.module = copy.deepcopy(module).requires_grad_(False).eval()
        # found once: to walk through the modules at every step takes longer than the average does
        pairs = list(zip(_tensors(self.module), _tensors(module), strict=True))
        self._floats = [pair for pair in pairs if pair[0].is_floating_point()]
        self._counts = [pair for pair in pairs if not pair[0].is_floating_point()]
        self._decay = decay
        self._half_life = half_life_images
        self._ramp = ramp

    def decay_at(self, step: int, images_seen: int, images_per_step: int) -> float:
        """The decay of this update; ``step`` counts from 0, ``images_seen`` includes this step's."""
        if self._half_life is None:
            return min(self._decay, (1 + step) / (10 + step))
        half_life = min(self._half_life, self._ramp * images_seen)
        return float(0.5 ** (images_per_step / max(half_life, 1e-8)))

    @torch.no_grad()
    def update(self, step: int, images_seen: int, images_per_step: int) -> None:
        decay = self.decay_at(step, images_seen, images_per_step)
        if self._floats:  # a generator without weights has counts and images alone
            averages, values = zip(*self._floats, strict=True)
            torch._foreach_lerp_(averages, values, 1.0 - decay)
        for average, value in self._counts:
            average.copy_(value)

    def state_dict(self) -> dict[str, Tensor]:
        return dict(self.module.state_dict())

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.module.load_state_dict(state)


def _tensors(module: nn.Module) -> list[Tensor]:
    """Weights and buffers, each once."""
    return [*module.parameters(), *module.buffers()]
