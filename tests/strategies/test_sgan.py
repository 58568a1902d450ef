"""The joint arms: the K + 1 loss by hand, players kept apart, controls that differ in one thing."""

from __future__ import annotations

import math

import pytest
import torch

from ganlift.data.types import Task
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.setup import Setup
from ganlift.strategies.sgan import JointOptions, SganOptions, classifier_loss, generator_loss
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


def test_after_its_share_of_the_steps_the_generator_rests(task: Task) -> None:
    entry = strategies.get("sgan-fixmatch")
    setup = Setup(task, Budget(6, 10), Rng(0, "sgan", CPU), CPU)
    phase = next(entry.phases(setup, entry.options(generator_until=0.5)))
    kept: list[list[torch.Tensor]] = []

    def keep(line: dict[str, object]) -> None:
        kept.append([p.detach().clone() for p in phase.modules["generator"].parameters()])

    trace = fit(phase, Settings(make_fabric(CPU, "fp32"), log_every=1, on_metrics=keep)).trace
    assert ["g_loss" in line for line in trace] == [True] * 3 + [False] * 3
    assert ["unlabelled_loss" in line for line in trace] == [True] * 3 + [False] * 3
    assert all("consistency_loss" in line for line in trace)
    assert not all(map(torch.equal, kept[1], kept[2]))
    assert all(map(torch.equal, kept[2], kept[5]))


def test_a_wanted_class_teaches_the_generator_alone(task: Task) -> None:
    out = Forward(
        {"unlabelled": torch.tensor([[1.0]]), "fake": torch.tensor([[3.0]])},
        {"fake": torch.tensor([[0.0, math.log(3.0)]])},
    )
    options = SganOptions(matching=10.0, class_weight=0.5)
    assert generator_loss(out, None, options).item() == pytest.approx(40.0)
    assert generator_loss(out, torch.tensor([0]), options).item() == pytest.approx(40.0 + 0.5 * math.log(4.0))

    entry = strategies.get("sgan")
    outcome, records = run_phases(
        entry.phases(Setup(task, Budget(3, 10), Rng(0, "sgan", CPU), CPU), entry.options(conditional=True)),
        lambda phase: Settings(make_fabric(CPU, "fp32")),
    )
    assert outcome.generator is not None
    assert outcome.generator.facts.classes == task.classes
    assert records[0].trace[-1]["g_loss"] > 0
