"""Gaussian noise whose draws come from a `torch.Generator` that the training loop holds and checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GaussianNoise(nn.Module):
    """Add noise of standard deviation ``std`` in training; ``rng`` is given as `Dropout`'s is."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std
        self.rng: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.std == 0.0:
            return x
        if self.rng is None:
            raise RuntimeError("GaussianNoise has no generator; call set_dropout_rng(module, rng) before training.")
        return x + self.std * torch.randn(x.shape, generator=self.rng, device=x.device, dtype=x.dtype)
