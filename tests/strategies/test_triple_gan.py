"""`triple-gan`: the judge's loss by hand, and terms that set in when they should."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ganlift.data.types import Task
from ganlift.strategies.base import strategies
from ganlift.strategies.setup import Setup
from ganlift.strategies.triple_gan import discriminator_loss
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


def test_the_discriminators_loss_is_the_equation_of_the_docstring() -> None:
    on_x, y = torch.tensor([[0.25, 9.0]]), torch.tensor([0])
    on_u, p = torch.tensor([[-3.0, 0.5]]), torch.tensor([[0.25, 0.75]])
    on_fake = torch.tensor([[-0.5, 9.0]])
    real = (0.75 + 0.5) / 2  # 1 - 0.25 of (x, 0); 1 - 0.5 of (u, 1)
    classified = 0.25 * 0.0 + 0.75 * 1.5
    expected = real + 0.5 * 0.5 + 0.5 * classified
    assert discriminator_loss(on_x, on_u, on_fake, y, p).item() == pytest.approx(expected, abs=1e-6)


def classifier_after(task: Task, steps: int, **options: Any) -> Tensor:
    """Its weights after the first ``steps`` of 20."""
    entry = strategies.get("triple-gan")
    setup = Setup(task, Budget(20, 10), Rng(0, "triple-gan", CPU), CPU)
    phase = next(entry.phases(setup, entry.options(**options)))
    fit(phase, Settings(make_fabric(CPU, "fp32"), limit=steps))
    return torch.cat([p.detach().flatten() for p in phase.modules["classifier"].parameters()])


@pytest.mark.parametrize("term", ["adversarial", "fake_weight"])
def test_the_game_reaches_the_classifier_late(task: Task, term: str) -> None:
    assert torch.equal(classifier_after(task, 5, **{term: 0.0}), classifier_after(task, 5, **{term: 5.0}))
    assert not torch.equal(classifier_after(task, 6, **{term: 0.0}), classifier_after(task, 6, **{term: 5.0}))


def test_the_teacher_teaches_from_the_start(task: Task) -> None:
    without, much = (classifier_after(task, 2, consistency_weight=weight) for weight in (0.0, 50.0))
    assert not torch.equal(without, much)
