"""Modules that draw from torch's global generator in training, made to draw from one that the loop keeps.

Stochastic depth, `torch.nn.functional.dropout` and the like know no generator of their own. A run that is continued, or
repeated, must meet the same draws: so each call is seeded, and the seed comes from a generator that is checkpointed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SEEDS = 2**63 - 1


class Repeatable(nn.Module):
    """``inner``, each of whose calls in training is seeded from ``rng``; in evaluation ``inner`` and nothing else.

    ``rng`` is set by `ganlift.layers.dropout.set_dropout_rng` and is no part of the state dict.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.rng: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            found: Tensor = self.inner(x)
            return found
        if self.rng is None:
            raise RuntimeError("Repeatable has no generator; call set_dropout_rng(module, rng) before training.")
        seed = int(torch.randint(SEEDS, (), generator=self.rng, device=self.rng.device))
        with torch.random.fork_rng(devices=[x.device] if x.is_cuda else []):
            torch.manual_seed(seed)
            drawn: Tensor = self.inner(x)
        return drawn


@torch.no_grad()
def draws_in_training(module: nn.Module, x: Tensor) -> bool:
    """Whether a call of ``module`` on ``x``, both on the processor, moves torch's global generator."""
    state = torch.random.get_rng_state()
    try:
        module(x)
        return not torch.equal(state, torch.random.get_rng_state())
    finally:
        torch.random.set_rng_state(state)
