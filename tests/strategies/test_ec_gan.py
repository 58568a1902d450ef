"""`ec-gan`: the classifier stands outside the game, and learns from confident guesses alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganlift.data.types import Task
from ganlift.strategies.base import strategies
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


def trained(task: Task, **options: Any) -> Phase:
    entry = strategies.get("ec-gan")
    phase = next(entry.phases(Setup(task, Budget(4, 10), Rng(0, "ec-gan", CPU), CPU), entry.options(**options)))
    fit(phase, Settings(make_fabric(CPU, "fp32")))
    return phase


def weights(phase: Phase, name: str) -> Tensor:
    return torch.cat([p.detach().flatten() for p in phase.modules[name].parameters()])


def test_the_classifier_learns_from_generated_images_and_the_generator_not_from_it(task: Task) -> None:
    without, much = (trained(task, threshold=0.0, fake_weight=weight) for weight in (0.0, 5.0))
    assert not torch.equal(weights(without, "classifier"), weights(much, "classifier"))
    for player in ("generator", "discriminator"):
        assert torch.equal(weights(without, player), weights(much, player))


def test_no_guess_below_the_threshold_counts(task: Task) -> None:
    without, strict = trained(task, fake_weight=0.0), trained(task, threshold=1.0, fake_weight=5.0)
    assert torch.equal(weights(without, "classifier"), weights(strict, "classifier"))
