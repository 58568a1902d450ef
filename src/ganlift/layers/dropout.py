"""Dropout whose masks come from a `torch.Generator` that the training loop holds and checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganlift.layers.noise import GaussianNoise
from ganlift.layers.repeatable import Repeatable


class Dropout(nn.Module):
    """Zero each value with probability ``p`` in training, scaling the rest by 1 / (1 - p).

    ``rng`` is no part of the state dict: the loop that owns the generator checkpoints it.

    Args:
        p: share of values dropped, in [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise ValueError(f"dropout must lie in [0, 1), not {p}")
        self.p = p
        self.rng: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        if self.rng is None:
            raise RuntimeError("Dropout has no generator; call set_dropout_rng(module, rng) before training.")
        keep = 1.0 - self.p
        mask = torch.rand(x.shape, generator=self.rng, device=x.device) < keep
        return x * mask.to(x.dtype) / keep

    def extra_repr(self) -> str:
        return f"p={self.p}"


def drawing(module: nn.Module) -> list[Dropout | GaussianNoise | Repeatable]:
    """The layers in ``module`` that draw in training."""
    return [child for child in module.modules() if isinstance(child, Dropout | GaussianNoise | Repeatable)]


def set_dropout_rng(module: nn.Module, generator: torch.Generator) -> None:
    """Give every layer in ``module`` that draws the generator that it draws from (on the module's device)."""
    for layer in drawing(module):
        layer.rng = generator
