"""Gradients on their way to an optimiser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from ganlift.training.alarms import NonFiniteLossError
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


def updated(*losses: Callable[[nn.Parameter], torch.Tensor]) -> Update:
    """After a step of each loss of a weight of its own, (3, 4)."""
    weights = {name: nn.Parameter(torch.tensor([3.0, 4.0])) for name in ("generator", "classifier")[: len(losses)]}
    update = Update({name: torch.optim.Adam([weight], lr=0.1, fused=True) for name, weight in weights.items()})
    for (name, weight), loss in zip(weights.items(), losses, strict=True):
        update(name, loss(weight))
    return update


def test_the_norm_of_the_generators_gradient_is_that_of_its_last_step() -> None:
    update = updated(lambda weight: weight.square().sum() / 2, lambda weight: 7 * weight.sum())
    assert update.checked({"loss": torch.tensor(2.0)}) == {"loss": 2.0, "g_grad_norm": pytest.approx(5.0)}


def test_a_gradient_that_is_not_finite_is_found_though_its_loss_is() -> None:
    update = updated(lambda weight: (weight - 3).sum(), lambda weight: (weight - 3).abs().sqrt().sum())
    with pytest.raises(NonFiniteLossError, match="gradient of 'classifier'"):
        update.check()


def test_a_player_whose_loss_reaches_no_weight_of_its_own_has_no_norm() -> None:
    update = updated(lambda weight: torch.ones((), requires_grad=True) * 2)
    assert update.checked({}) == {}
