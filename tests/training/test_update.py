"""Gradients on their way to an optimiser."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganlift.training.update import Update


@pytest.mark.parametrize("steps", [1, 3])
def test_a_fused_step_takes_a_gradient_in_the_order_of_its_weight(steps: int) -> None:
    """A layer may hand back a gradient in another order of memory than its weight's; a fused step would not look."""
    rng = torch.Generator().manual_seed(0)
    start, wanted = torch.randn((2, 4, 3, 3, 3), generator=rng)
    weights = []
    for fused in (False, True):
        weight = nn.Parameter(start.clone().contiguous(memory_format=torch.channels_last))
        update = Update({"classifier": torch.optim.AdamW([weight], lr=0.1, fused=fused)})
        for _ in range(steps):
            update("classifier", (weight.contiguous() - wanted).square().sum())
        weights.append(weight.detach())
    torch.testing.assert_close(*weights)
