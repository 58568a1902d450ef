"""Random draws shared by the augmentations, from an explicit generator."""

from __future__ import annotations

import torch
from torch import Tensor


def uniform(n: int, low: float, high: float, rng: torch.Generator, device: torch.device) -> Tensor:
    """(n,) float32 uniform in [low, high)."""
    return torch.rand(n, generator=rng, device=device) * (high - low) + low


def beta(n: int, alpha: float, rng: torch.Generator, device: torch.device) -> Tensor:
    """(n,) float32 from Beta(alpha, alpha), the ratio of two gamma draws; ``alpha`` above 0."""
    if alpha <= 0:
        raise ValueError(f"alpha must be above 0, not {alpha}")
    # float64: with a small alpha gamma draws lie far below float32's smallest number
    concentration = torch.full((2, n), alpha, dtype=torch.float64, device=device)
    first, second = torch._standard_gamma(concentration, generator=rng)
    share: Tensor = first / (first + second)
    return share.nan_to_num(0.5).float()


def partners(n: int, rng: torch.Generator, device: torch.device) -> Tensor:
    """(n,) int64: a random other image for each, and never itself where n is 2 or more."""
    order = torch.randperm(n, generator=rng, device=device)
    return torch.empty_like(order).scatter_(0, order, order.roll(1))


def one_of(x: Tensor, rng: torch.Generator) -> Tensor:
    """One view, or frame, of each item, drawn: (n, v, ...) to (n, ...)."""
    view = torch.randint(x.shape[1], (len(x),), generator=rng, device=x.device)
    return x[torch.arange(len(x), device=x.device), view]
