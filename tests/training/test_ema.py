"""Averages of weights, by hand."""

from __future__ import annotations

import torch
from torch import nn

from ganlift.training.ema import Ema


class Tied(nn.Module):
    """One weight under two names, a running mean, a count and a kernel that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(1, 1, bias=False)
        self.other = nn.Linear(1, 1, bias=False)
        self.other.weight = self.one.weight
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("kernel", torch.full((1,), 0.1), persistent=False)


def test_each_weight_is_averaged_once_and_counts_are_copied() -> None:
    module = Tied()
    nn.init.constant_(module.one.weight, 0.0)
    average = Ema(module, decay=0.75)
    nn.init.constant_(module.one.weight, 1.0)
    module.mean.fill_(2.0)
    module.count.fill_(7)
    average.update(step=1000, images_seen=64_000, images_per_step=64)
    assert average.module.other.weight.item() == 0.25  # twice would be 0.4375
    assert (average.module.mean.item(), average.module.count.item()) == (0.5, 7)
    assert torch.equal(average.module.kernel, module.kernel)


def test_the_half_life_is_a_share_of_what_was_seen() -> None:
    average = Ema(nn.Linear(1, 1), half_life_images=10_000, ramp=0.05)
    assert average.decay_at(0, 2000, 100) == 0.5  # half-life 0.05 * 2,000 = 100 images
    assert average.decay_at(0, 10**6, 10_000) == 0.5
