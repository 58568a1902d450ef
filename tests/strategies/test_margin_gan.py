"""`margin-gan`: its terms wait for a share of the steps and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ganlift.data.types import Task
from ganlift.strategies.base import strategies
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


def weights_after(task: Task, steps: int, module: str, **options: Any) -> Tensor:
    """A player's weights after the first ``steps`` of 10."""
    entry = strategies.get("margin-gan")
    setup = Setup(task, Budget(10, 10), Rng(0, "margin-gan", CPU), CPU)
    phase = next(entry.phases(setup, entry.options(start=0.4, **options)))
    fit(phase, Settings(make_fabric(CPU, "fp32"), limit=steps))
    return torch.cat([p.detach().flatten() for p in phase.modules[module].parameters()])


@pytest.mark.parametrize("term", ["unlabelled_weight", "fake_weight"])
def test_terms_set_in_after_their_share_of_the_steps(task: Task, term: str) -> None:
    runs = {
        (steps, weight): weights_after(task, steps, "classifier", **{term: weight})
        for steps in (4, 5)
        for weight in (0.0, 5.0)
    }
    assert torch.equal(runs[4, 0.0], runs[4, 5.0])
    assert not torch.equal(runs[5, 0.0], runs[5, 5.0])


def test_the_generator_hears_the_classifier(task: Task) -> None:
    without, much = (weights_after(task, 2, "generator", margin=margin) for margin in (0.0, 5.0))
    assert not torch.equal(without, much)
