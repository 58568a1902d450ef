"""The joint arms: the K + 1 loss by hand, players kept apart, controls that differ in one thing."""

from __future__ import annotations

import math

import pytest
import torch

from ganlift.data.types import Task
from ganlift.strategies.base import Setup, strategies
from ganlift.strategies.sgan import JointOptions, classifier_loss
from ganlift.strategies.terms import Forward
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def test_the_loss_is_the_equation_of_its_docstring() -> None:
    logits = {
        "labelled": torch.tensor([[2.0, 0.0]]),
        "unlabelled": torch.tensor([[1.0, 1.0]]),
        "fake": torch.tensor([[0.0, -1.0]]),
    }
    options = JointOptions(weight=0.6, label_smoothing=0.0)
    loss, parts = classifier_loss(Forward({}, logits), torch.tensor([0]), options)
    lse_u, lse_fake = 1 + math.log(2), math.log(1 + math.exp(-1))
    unlabelled = 0.5 * (softplus(lse_u) - lse_u + softplus(lse_fake))
    assert loss.item() == pytest.approx(softplus(-2.0) + 0.6 * unlabelled, abs=1e-6)
    assert parts["d_real"].item() == pytest.approx(lse_u)
    assert parts["d_fake"].item() == pytest.approx(lse_fake)


@pytest.mark.parametrize("name", ["sgan", "sgan-fixmatch", "sgan-rotation", "acgan"])
def test_both_players_move_and_only_by_their_own_optimiser(task: Task, name: str) -> None:
    entry = strategies.get(name)
    setup = Setup(task, Budget(2, 10), Rng(0, name, CPU), CPU)
    phase = next(entry.phases(setup, entry.options()))
    before = {key: [p.clone() for p in phase.modules[key].parameters()] for key in ("classifier", "generator")}
    fit(phase, Settings(make_fabric(CPU, "fp32")))
    for key, weights in before.items():
        moved = [not torch.equal(a, b) for a, b in zip(weights, phase.modules[key].parameters(), strict=True)]
        assert sum(moved) >= len(moved) - 1, key


def test_the_generator_learns_to_match_features(task: Task) -> None:
    """With the classifier held still, the feature-matching loss falls."""
    entry = strategies.get("sgan")
    setup = Setup(task, Budget(150, 20), Rng(0, "sgan", CPU), CPU)
    phase = next(entry.phases(setup, entry.options(lr=1e-12, weight_decay=0.0)))
    trace = fit(phase, Settings(make_fabric(CPU, "fp32"), log_every=1)).trace
    losses = [line["g_loss"] for line in trace]
    assert sum(losses[-20:]) < 0.5 * sum(losses[:20])
